"""Each queue has its own fair order; a picture has one running job in all of them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from shared.db import ids, job_queue, job_report, jobs
from shared.db.pool import Database
from shared.models.job import QUEUES, Job, JobFailure, JobType, Queue
from tests.shared.db import fair_order
from tests.shared.db.rows import TIMINGS, claimed, owner, queued, run

CUTOUT, QUICK, SLOW = JobType.CUTOUT, JobType.CUTLINE, JobType.GANG_SHEET


def _made(database: Database, type_: str, of: str = "ann", picture: UUID | None = None) -> Job:
    return run(database, jobs.create, ids.new(), owner(of), picture or ids.new(), type=type_)


def _claim(database: Database, *queues: Queue) -> Job | None:
    return run(database, job_queue.claim_next, 60, queues=queues)


def _end(database: Database, job: Job) -> None:
    assert run(database, job_queue.fail, job, JobFailure.PROVIDER_FAILED, "", TIMINGS)


def test_every_type_has_a_queue() -> None:
    assert {*QUEUES} == {*JobType}


def test_the_first_queue_that_has_a_job_is_claimed_from(database: Database) -> None:
    slow, quick, cutout = (_made(database, type_).id for type_ in (SLOW, QUICK, CUTOUT))
    order = (Queue.QUICK, Queue.CUTOUTS, Queue.SLOW)
    claims = [_claim(database, *order) for _ in range(4)]
    assert [job and job.id for job in claims] == [quick, cutout, slow, None]


def test_only_the_named_queues_are_claimed_from(database: Database) -> None:
    _made(database, CUTOUT)
    assert _claim(database, Queue.QUICK, Queue.SLOW) is None


def test_what_an_owner_runs_in_one_queue_does_not_count_in_another(database: Database) -> None:
    queued(database, "ann")
    claimed(database)
    first, _ = _made(database, QUICK, "ann"), _made(database, QUICK, "bob")
    assert _claim(database, Queue.QUICK) == run(database, jobs.find, None, first.id)


def test_jobs_of_a_queue_that_this_release_does_not_know_are_left_alone(database: Database) -> None:
    newer = _made(database, "newer")
    with database.transaction() as connection:
        connection.execute("delete from jobs")
        connection.execute(
            "insert into jobs (id, owner_type, user_id, type, queue, asset_id) values (%s, 'guest', 'u', 'x', 'y', %s)",
            [newer.id, newer.asset_id],
        )
    assert _claim(database, *Queue) is None
    assert run(database, job_queue.wake_due) is None
    assert {*run(database, job_report.depths)} == {*Queue}
    assert run(database, fair_order.wrong) == []


@pytest.mark.parametrize(("first", "second"), [(CUTOUT, QUICK), (SLOW, CUTOUT), (QUICK, SLOW)])
def test_a_picture_in_work_blocks_its_jobs_in_all_queues(database: Database, first: str, second: str) -> None:
    picture = _made(database, first).asset_id
    running = _claim(database, *Queue)
    waiting, other = _made(database, second, picture=picture), _made(database, second)
    claim = _claim(database, QUEUES[second])
    assert claim
    assert claim.id == other.id
    assert _claim(database, QUEUES[second]) is None
    assert running
    _end(database, running)
    freed = _claim(database, QUEUES[second])
    assert freed
    assert freed.id == waiting.id


def test_a_job_blocked_while_its_picture_is_being_freed_waits_a_second(database: Database) -> None:
    picture = _made(database, CUTOUT).asset_id
    running = _claim(database, Queue.CUTOUTS)
    assert running
    waiting = _made(database, QUICK, picture=picture)
    with database.transaction() as ending:
        job_queue.fail(ending, running, JobFailure.PROVIDER_FAILED, "", TIMINGS)
        assert _claim(database, Queue.QUICK) is None
    with database.transaction() as connection:
        connection.execute("set local session_replication_role = replica")
        connection.execute("update jobs set wakes_at = wakes_at - interval '1 s'")
    freed = _claim(database, Queue.QUICK)
    assert freed
    assert freed.id == waiting.id


def test_the_next_blocked_job_is_free_when_the_one_before_it_is_cancelled(database: Database) -> None:
    picture = _made(database, CUTOUT).asset_id
    running = _claim(database, Queue.CUTOUTS)
    assert running
    first, second = (_made(database, QUICK, picture=picture) for _ in range(2))
    assert _claim(database, Queue.QUICK) is None
    with database.transaction() as connection:
        job_queue.fail(connection, running, JobFailure.PROVIDER_FAILED, "", TIMINGS)
        jobs.cancel(connection, None, first.id)
    freed = _claim(database, Queue.QUICK)
    assert freed
    assert freed.id == second.id


def test_ends_that_free_jobs_of_each_others_queues_do_not_wait_for_each_other(database: Database) -> None:
    for _ in range(5):
        runs = [_made(database, type_) for type_ in (CUTOUT, QUICK)]
        held = [_claim(database, QUEUES[job.type]) for job in runs]
        for job, type_ in zip(runs, (QUICK, CUTOUT), strict=True):
            _made(database, type_, picture=job.asset_id)
        assert _claim(database, *Queue) is None
        start = threading.Barrier(2)

        def end(job: Job | None, start: threading.Barrier = start) -> None:
            assert job
            with database.transaction() as connection:
                start.wait(10)
                job_queue.fail(connection, job, JobFailure.PROVIDER_FAILED, "", TIMINGS)
                start.wait(10)

        with ThreadPoolExecutor(2) as threads:
            list(threads.map(end, held))
        while ready := _claim(database, *Queue):
            _end(database, ready)
        assert run(database, fair_order.wrong) == []
