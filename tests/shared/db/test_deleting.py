"""A deleted picture takes its unfinished jobs with it, and no job of it is queued or finished any more."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar
from uuid import UUID

import pytest

from shared import errors
from shared.db import assets, ids, job_queue, jobs
from shared.db.pool import Database
from shared.models.asset import AssetKind
from shared.models.job import Job, JobState, Outcome
from tests.shared.db.rows import OUTCOME, TIMINGS, asset, claimed, owner, queued, run, seen

T = TypeVar("T")


def deleted(database: Database, job: Job) -> int:
    return run(database, assets.delete, job.owner, job.asset_id)


def hidden(database: Database, job: Job) -> None:
    """Delete the picture as a release would that leaves its jobs."""
    with database.transaction() as connection:
        connection.execute("update assets set deleted_at = now() where id = %s", [job.asset_id])


def cancelled(database: Database) -> Job:
    job = queued(database)
    run(database, jobs.cancel, job.owner, job.id)
    return job


def test_deleting_a_picture_cancels_its_unfinished_jobs_and_no_others(database: Database) -> None:
    running = queued(database)
    claimed(database)
    waiting = run(database, jobs.create, ids.new(), running.owner, running.asset_id)
    other = queued(database)
    assert deleted(database, running) == 2
    assert [seen(database, job).status for job in (running, waiting)] == [JobState.CANCELLED] * 2
    assert seen(database, other).status is JobState.QUEUED


def test_the_worker_of_a_deleted_picture_is_fenced_off_and_nothing_of_it_appears(database: Database) -> None:
    for delete in (deleted, hidden):
        queued(database)
        job = claimed(database)
        delete(database, job)
        before = seen(database, job)
        with pytest.raises(errors.SourceMissing):
            run(database, job_queue.finish, job, OUTCOME, TIMINGS)
        assert seen(database, job) == before


def test_a_job_of_a_deleted_picture_is_not_tried_again(database: Database) -> None:
    job = cancelled(database)
    deleted(database, job)
    assert run(database, jobs.retry, job.owner, job.id) is None
    assert seen(database, job).status is JobState.CANCELLED


@pytest.mark.parametrize("how", ["created", "tried again"])
def test_a_deletion_waits_for_a_job_that_is_being_queued_and_then_cancels_it(database: Database, how: str) -> None:
    job = cancelled(database)
    with ThreadPoolExecutor(1) as elsewhere:
        with database.transaction() as connection:
            if how == "created":
                assert assets.find(connection, job.owner, job.asset_id, keep=True)
                jobs.create(connection, ids.new(), job.owner, job.asset_id)
            else:
                assert jobs.retry(connection, job.owner, job.id)
            deletion = waiting(elsewhere.submit(deleted, database, job))
        assert deletion.result(5) == 1


@pytest.mark.parametrize("how", ["created", "tried again"])
def test_a_job_that_comes_while_its_picture_is_being_deleted_is_refused(database: Database, how: str) -> None:
    job = cancelled(database)
    attempts: dict[str, Callable[[], object]] = {
        "created": lambda: run(database, assets.find, job.owner, job.asset_id, keep=True),
        "tried again": lambda: run(database, jobs.retry, job.owner, job.id),
    }
    with ThreadPoolExecutor(1) as elsewhere:
        with database.transaction() as connection:
            assets.delete(connection, job.owner, job.asset_id)
            attempt = waiting(elsewhere.submit(attempts[how]))
        assert attempt.result(5) is None


def sheet(job: Job, *used: UUID) -> Outcome:
    """What a job leaves that puts these pictures and its own on a sheet."""
    file = asset("sheet", kind=AssetKind.FILE, job_id=job.id, made_of=job.asset_id, origins=(job.asset_id, *used))
    return Outcome({"asset_id": str(file.id)}, (file,), used=used)


def test_a_sheet_goes_with_any_picture_on_it(database: Database) -> None:
    others = [queued(database) for _ in range(2)]
    for job in others:
        run(database, jobs.cancel, job.owner, job.id)
    for other in others:
        queued(database)
        job = claimed(database)
        made = sheet(job, *(other.asset_id for other in others))
        assert run(database, job_queue.finish, job, made, TIMINGS)
        kept = run(database, assets.find, job.owner, made.assets[0].id)
        assert kept
        assert kept.origins == made.assets[0].origins
        deleted(database, other)
        assert run(database, assets.find, job.owner, made.assets[0].id) is None
        assert run(database, assets.find, job.owner, job.asset_id)
        others = others[1:]


@pytest.mark.parametrize("picture", ["its own", "another"])
def test_a_deletion_waits_for_the_end_of_a_job_and_hides_what_it_left(database: Database, picture: str) -> None:
    other = cancelled(database)
    queued(database)
    job = claimed(database)
    made = sheet(job, other.asset_id)
    with ThreadPoolExecutor(1) as elsewhere:
        with database.transaction() as connection:
            assert job_queue.finish(connection, job, made, TIMINGS)
            deletion = waiting(elsewhere.submit(deleted, database, job if picture == "its own" else other))
        assert deletion.result(5) == 0
    assert run(database, assets.find, job.owner, made.assets[0].id) is None


@pytest.mark.parametrize("picture", ["its own", "another"])
def test_the_end_of_a_job_waits_for_a_deletion_and_leaves_nothing(database: Database, picture: str) -> None:
    other = cancelled(database)
    queued(database)
    job = claimed(database)
    made = sheet(job, other.asset_id)
    with ThreadPoolExecutor(1) as elsewhere:
        with database.transaction() as connection:
            gone = job if picture == "its own" else other
            assets.delete(connection, gone.owner, gone.asset_id)
            end = waiting(elsewhere.submit(run, database, job_queue.finish, job, made, TIMINGS))
        with pytest.raises(errors.SourceMissing):
            end.result(5)
    assert run(database, assets.find, job.owner, made.assets[0].id) is None


def waiting(future: Future[T]) -> Future[T]:
    """The same future, which waits for this transaction."""
    time.sleep(0.3)
    assert not future.done()
    return future


def test_the_same_bytes_sent_again_are_a_picture_of_their_own(database: Database) -> None:
    old, _ = run(database, assets.add, asset())
    job = run(database, jobs.create, ids.new(), owner(), old.id)
    deleted(database, job)
    run(database, assets.add, asset())
    assert run(database, jobs.retry, owner(), job.id) is None
