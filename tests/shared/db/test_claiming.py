"""Workers claim the fairest job; each job has one worker, and none is lost with its worker."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from shared.db import ids, job_queue, jobs
from shared.db.pool import Database
from shared.models.job import JobFailure, JobState
from tests.shared.db import rows
from tests.shared.db.rows import TIMINGS, claimed, owner, queued, run, seen


def claim_all(database: Database) -> list[UUID]:
    """The ids of all jobs that are due, in the order in which they are claimed."""
    found: list[UUID] = []
    while job := run(database, job_queue.claim_next, 60):
        found.append(job.id)
    return found


def test_nothing_is_claimed_when_nothing_is_due(database: Database) -> None:
    assert run(database, job_queue.claim_next, 60) is None


def test_the_oldest_job_of_an_owner_comes_first(database: Database) -> None:
    made = [queued(database).id for _ in range(5)]
    ages_s = {made[0]: 20, made[1]: 50, made[2]: 10, made[3]: 40, made[4]: 30}
    with database.transaction() as connection:
        for job_id, age_s in ages_s.items():
            connection.execute(
                "update jobs set created_at = now() - %s * interval '1 second' where id = %s", [age_s, job_id]
            )
    assert claim_all(database) == sorted(made, key=ages_s.__getitem__, reverse=True)


def test_the_smaller_priority_comes_first_regardless_of_age(database: Database) -> None:
    late, usual, urgent = (queued(database, priority=priority).id for priority in (9, 5, 0))
    assert claim_all(database) == [urgent, usual, late]


def test_only_jobs_of_the_given_types_are_claimed(database: Database) -> None:
    newer = run(database, jobs.create, ids.new(), owner(), ids.new(), type="newer")
    older = queued(database)
    assert [run(database, job_queue.claim_next, 60, ["cutout"]) for _ in range(2)] == [seen(database, older), None]
    assert run(database, job_queue.claim_next, 60, ["cutout", "newer"]) == seen(database, newer)


def test_the_owner_with_fewer_running_jobs_comes_first(database: Database) -> None:
    ann = [queued(database, "ann").id for _ in range(4)]
    bob = [queued(database, "bob").id for _ in range(2)]
    cleo = [queued(database, "cleo").id]
    assert claim_all(database) == [ann[0], bob[0], cleo[0], ann[1], bob[1], ann[2], ann[3]]


def test_priority_precedes_fairness(database: Database) -> None:
    queued(database, "ann")
    claimed(database)
    urgent, other = queued(database, "ann", priority=0).id, queued(database, "bob").id
    assert claim_all(database) == [urgent, other]


def test_jobs_that_have_ended_do_not_count_as_running(database: Database) -> None:
    for _ in range(2):
        queued(database, "ann")
        run(database, job_queue.fail, claimed(database), JobFailure.PROVIDER_FAILED, "", TIMINGS)
    ann, bob = queued(database, "ann").id, queued(database, "bob").id
    assert claim_all(database) == [ann, bob]


def test_jobs_of_a_dead_worker_do_not_count_as_running(database: Database) -> None:
    dead = queued(database, "ann").id
    claimed(database)
    rows.rewind(database, 61)
    younger, bob = queued(database, "ann").id, queued(database, "bob").id
    assert claim_all(database) == [dead, bob, younger]


def test_concurrent_workers_claim_different_jobs(database: Database) -> None:
    made = {queued(database, of).id for of in "abcdefgh" for _ in range(2)}
    start = threading.Barrier(8)

    def claim(_: int) -> list[UUID]:
        start.wait(10)
        return claim_all(database)

    with ThreadPoolExecutor(8) as workers:
        found = [job_id for each in workers.map(claim, range(8)) for job_id in each]
    assert sorted(found) == sorted(made)


def test_an_owner_whose_job_is_being_claimed_is_passed_over_without_waiting(database: Database) -> None:
    first, second, others = queued(database).id, queued(database).id, queued(database, "bob").id
    with database.transaction() as slow:
        taken = job_queue.claim_next(slow, 60)
        assert taken is not None
        start = time.monotonic()
        assert claimed(database).id == others
        assert run(database, job_queue.claim_next, 60) is None
        assert time.monotonic() - start < 4  # waiting would take until the statement's limit of five seconds
    assert taken.id == first
    assert claimed(database).id == second


def test_a_claim_that_is_rolled_back_leaves_the_job_to_others(database: Database) -> None:
    job = queued(database)
    with database.transaction() as connection:
        assert job_queue.claim_next(connection, 60)
        connection.rollback()
    assert seen(database, job).attempts == 0
    assert claimed(database).attempts == 1


def test_a_job_whose_lease_expires_goes_to_another_worker(database: Database) -> None:
    queued(database)
    first = claimed(database, lease_s=60)
    rows.rewind(database, 59)
    assert run(database, job_queue.claim_next, 60) is None
    rows.rewind(database, 2)
    second = claimed(database)
    assert (second.id, second.attempts, second.fence) == (first.id, 2, first.fence + 1)


def test_jobs_that_died_together_are_isolated_and_keep_their_three_attempts(database: Database) -> None:
    made = [queued(database).id for _ in range(3)]
    assert [claimed(database, alone=False).isolated for _ in made] == [False] * 3
    rows.rewind(database, 61)
    for attempt in (2, 3, 4):
        assert run(database, job_queue.fail_exhausted) == []
        again = [claimed(database) for _ in made]
        assert [(job.attempts, job.isolated) for job in again] == [(attempt, True)] * 3
        rows.rewind(database, 61)
    assert sorted(run(database, job_queue.fail_exhausted)) == sorted(made)


def test_an_isolated_job_is_not_claimed_beside_others(database: Database) -> None:
    job = queued(database)
    claimed(database, alone=False)
    rows.rewind(database, 61)
    before = seen(database, job)
    with pytest.raises(job_queue.MustRunAlone):
        run(database, job_queue.claim_next, 60, alone=False)
    assert seen(database, job) == before
    assert claimed(database).isolated


def test_a_job_whose_last_attempt_died_in_company_gets_one_more(database: Database) -> None:
    job = queued(database)
    for _ in range(job_queue.MAX_ATTEMPTS - 1):
        assert run(database, job_queue.release, claimed(database), 0, counts=True)
    claimed(database, alone=False)
    rows.rewind(database, 66)
    assert run(database, job_queue.fail_exhausted) == []
    assert run(database, job_queue.overdue, "jobs", 5) == 1
    again = claimed(database)
    assert (again.id, again.attempts, again.isolated) == (job.id, job_queue.MAX_ATTEMPTS + 1, True)


def test_a_job_that_was_handed_back_stays_isolated_until_it_is_tried_again(database: Database) -> None:
    job = queued(database)
    claimed(database, alone=False)
    rows.rewind(database, 61)
    for counts in (False, True):
        assert run(database, job_queue.release, claimed(database), 0, counts=counts)
        assert seen(database, job).isolated
    run(database, jobs.cancel, owner(), job.id)
    run(database, jobs.retry, owner(), job.id)
    assert not claimed(database).isolated


def test_a_job_that_killed_three_workers_while_it_ran_alone_is_poison(database: Database) -> None:
    job = queued(database)
    for attempt in (1, 2, 3):
        assert claimed(database).attempts == attempt
        assert run(database, job_queue.fail_exhausted) == []
        rows.rewind(database, 61)
    assert run(database, job_queue.claim_next, 60) is None
    assert run(database, job_queue.fail_exhausted) == [job.id]
    assert run(database, job_queue.fail_exhausted) == []
    failed = seen(database, job)
    assert failed.status is JobState.FAILED
    assert failed.error is not None
    assert failed.error.code == "poison"
    assert failed.finished_at is not None


def test_a_job_returned_at_its_last_attempt_does_not_wait_forever(database: Database) -> None:
    job = queued(database)
    for _ in range(3):
        assert run(database, job_queue.release, claimed(database), 0, counts=True)
    assert run(database, job_queue.claim_next, 60) is None
    assert run(database, job_queue.fail_exhausted) == [job.id]
    assert seen(database, job).status is JobState.FAILED


def test_a_third_attempt_that_still_runs_is_not_poison(database: Database) -> None:
    queued(database)
    for _ in range(2):
        run(database, job_queue.release, claimed(database), 0, counts=True)
    claimed(database)
    assert run(database, job_queue.fail_exhausted) == []


def test_a_job_is_overdue_when_it_has_waited_unusually_long(database: Database) -> None:
    assert run(database, job_queue.overdue, "jobs", 5) == 0
    queued(database)
    later = queued(database)
    assert run(database, job_queue.overdue, "jobs", 5) == 0
    rows.rewind(database, 6)
    assert run(database, job_queue.overdue, "jobs", 5) == 2
    claimed(database)
    run(database, jobs.cancel, later.owner, later.id)
    assert run(database, job_queue.overdue, "jobs", 5) == 0


def test_a_postponed_job_is_not_overdue_before_its_time(database: Database) -> None:
    queued(database)
    run(database, job_queue.release, claimed(database), 30, counts=True)
    rows.rewind(database, 34)
    assert run(database, job_queue.overdue, "jobs", 5) == 0
    rows.rewind(database, 2)
    assert run(database, job_queue.overdue, "jobs", 5) == 1


def test_the_job_of_a_dead_worker_is_overdue_but_poison_is_not(database: Database) -> None:
    queued(database)
    for _ in range(2):
        claimed(database)
        rows.rewind(database, 66)
        assert run(database, job_queue.overdue, "jobs", 5) == 1
    claimed(database)
    rows.rewind(database, 66)
    assert run(database, job_queue.overdue, "jobs", 5) == 0


def test_only_one_worker_sweeps_at_a_time(database: Database) -> None:
    with database.transaction() as first:
        assert job_queue.lead_sweep(first)
        assert not run(database, job_queue.lead_sweep)
    assert run(database, job_queue.lead_sweep)
