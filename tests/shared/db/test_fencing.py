"""A worker that lost a job can no longer write anything about it."""

from collections.abc import Callable

import pytest

from shared.db import job_queue, jobs
from shared.db.pool import Database
from shared.models.job import Job, JobFailure
from tests.shared.db import rows
from tests.shared.db.rows import OUTCOME, TIMINGS, claimed, owner, queued, run, seen

Write = Callable[[Database, Job], object]
WRITES: dict[str, Write] = {
    "advance": lambda database, job: run(database, job_queue.advance, job, 70),
    "finish": lambda database, job: run(database, job_queue.finish, job, OUTCOME, TIMINGS),
    "fail": lambda database, job: run(database, job_queue.fail, job, JobFailure.PROVIDER_FAILED, "Too late.", TIMINGS),
    "release": lambda database, job: run(database, job_queue.release, job, 0, counts=True),
    "release, not counted": lambda database, job: run(database, job_queue.release, job, 0, counts=False),
    "renew": lambda database, job: run(database, job_queue.renew, [(job.id, job.fence)], 3600),
}


def everything(database: Database) -> list[dict[str, object]]:
    with database.transaction() as connection:
        return connection.execute("select * from jobs order by id").fetchall()


def taken_over(database: Database, late: Job) -> None:
    rows.rewind(database, 61)
    assert claimed(database).id == late.id


def handed_back(database: Database, late: Job) -> None:
    assert run(database, job_queue.release, late, 0, counts=True)


def cancelled(database: Database, late: Job) -> None:
    assert run(database, jobs.cancel, owner(), late.id)


def cancelled_and_tried_again(database: Database, late: Job) -> None:
    cancelled(database, late)
    assert run(database, jobs.retry, owner(), late.id)


def cancelled_and_claimed_again(database: Database, late: Job) -> None:
    cancelled_and_tried_again(database, late)
    assert claimed(database).id == late.id


def finished(database: Database, late: Job) -> None:
    taken_over(database, late)
    other = seen(database, late)
    assert run(database, job_queue.finish, other, OUTCOME, TIMINGS)


def failed_and_claimed_again(database: Database, late: Job) -> None:
    assert run(database, job_queue.fail, late, JobFailure.PROVIDER_FAILED, "It broke.", TIMINGS)
    assert run(database, jobs.retry, owner(), late.id)
    assert claimed(database).id == late.id


LOSSES = (
    *(taken_over, handed_back, cancelled, cancelled_and_tried_again, cancelled_and_claimed_again),
    *(finished, failed_and_claimed_again),
)


@pytest.mark.parametrize("lose", LOSSES, ids=lambda lose: lose.__name__)
def test_a_worker_that_lost_its_job_writes_nothing(database: Database, lose: Write) -> None:
    queued(database)
    late = claimed(database)
    lose(database, late)
    before = everything(database)
    for write in WRITES.values():
        assert not write(database, late)
        assert everything(database) == before


@pytest.mark.parametrize("name", WRITES)
def test_a_worker_that_holds_its_job_writes(database: Database, name: str) -> None:
    """The same writes as above, to show that fencing does not refuse everything."""
    queued(database)
    job = claimed(database)
    before = everything(database)
    assert WRITES[name](database, job)
    assert everything(database) != before


def test_an_expired_lease_without_a_new_holder_is_still_valid(database: Database) -> None:
    queued(database)
    job = claimed(database)
    rows.rewind(database, 3600)
    assert run(database, job_queue.renew, [(job.id, job.fence)], 60) == {job.id}
    assert run(database, job_queue.claim_next, 60) is None
    assert run(database, job_queue.finish, job, OUTCOME, TIMINGS)


def test_only_leases_still_held_are_renewed(database: Database) -> None:
    for _ in range(3):
        queued(database)
    kept, lost, ended = (claimed(database) for _ in range(3))
    run(database, jobs.cancel, owner(), lost.id)
    run(database, job_queue.finish, ended, OUTCOME, TIMINGS)
    assert run(database, job_queue.renew, [(job.id, job.fence) for job in (kept, lost, ended)], 600) == {kept.id}
    rows.rewind(database, 500)
    assert run(database, job_queue.claim_next, 60) is None


def test_fencing_numbers_only_increase(database: Database) -> None:
    job = queued(database)
    fences = [seen(database, job).fence]
    for lose in (handed_back, cancelled_and_tried_again, failed_and_claimed_again):
        fences.append(claimed(database).fence)
        lose(database, seen(database, job))
    fences.append(seen(database, job).fence)
    assert fences == sorted(set(fences))
