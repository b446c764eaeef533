"""Changes of a job are announced while an event stream follows it, and none is missed."""

import time
from concurrent.futures import ThreadPoolExecutor

from shared.db import ids, job_queue, jobs, pool
from shared.db.pool import Database
from shared.models.job import JobState
from tests.shared.db.rows import claimed, owner, queued, run, seen


def test_a_change_of_a_followed_job_is_announced_when_it_is_committed(database: Database, database_url: str) -> None:
    with pool.session(database_url) as listener:
        listener.execute("listen jobs")

        def told() -> list[str]:
            return [notice.payload for notice in listener.notifies(timeout=0.1)]

        job = queued(database)
        assert run(database, jobs.follow, owner("bob"), job.id) is None
        assert run(database, jobs.follow, owner(), job.id) == seen(database, job)
        assert told() == []
        with database.transaction() as connection:
            running = job_queue.claim_next(connection, 60)
            assert running
            assert told() == []
        assert told() == [str(job.id)]
        run(database, job_queue.renew, [(running.id, running.fence)], 60)
        assert told() == []
        run(database, job_queue.advance, running, 70)
        assert told() == [str(job.id)]
        with database.transaction() as connection:
            assert jobs.cancel(connection, owner(), job.id)
            connection.rollback()
        assert told() == []


def test_a_job_that_nothing_follows_is_not_announced(database: Database, database_url: str) -> None:
    with pool.session(database_url) as listener:
        listener.execute("listen jobs")
        job = queued(database)
        run(database, jobs.follow, owner(), job.id)
        with database.transaction() as connection:
            connection.execute("update jobs set followed_until = now() - interval '1 s'")
        queued(database, "bob")
        claimed(database)
        claimed(database)
        assert list(listener.notifies(timeout=0.1)) == []


def test_following_waits_for_a_change_that_is_being_written(database: Database) -> None:
    """So that change is either announced or part of what the follower reads first."""
    job = queued(database)
    with ThreadPoolExecutor(1) as elsewhere:
        with database.transaction() as connection:
            assert job_queue.claim_next(connection, 60)
            following = elsewhere.submit(run, database, jobs.follow, owner(), job.id)
            time.sleep(0.2)
            assert not following.done()
        followed = following.result(5)
    assert followed
    assert followed.status is JobState.RUNNING


def test_every_change_of_a_job_of_the_release_before_is_announced(database: Database, database_url: str) -> None:
    with pool.session(database_url) as listener:
        listener.execute("listen jobs")
        with database.transaction() as connection:
            connection.execute(
                "insert into jobs (id, owner_type, user_id, type, asset_id) values (%s, 'guest', 'ann', 'cutout', %s)",
                [ids.new(), ids.new()],
            )
        job = claimed(database)
        assert [notice.payload for notice in listener.notifies(timeout=0.1)] == [str(job.id)]
