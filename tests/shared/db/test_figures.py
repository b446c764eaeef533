"""The figures of the queue: right while it is short, and bounded while it is long."""

import pytest

from shared.db import ids, job_queue, job_report, jobs
from shared.db.pool import Database
from shared.models.job import JobFailure, JobState, Queue
from tests.shared.db import rows
from tests.shared.db.rows import TIMINGS, claimed, owner, queued, run


def test_the_depth_counts_all_that_wait_and_the_age_is_of_the_oldest(database: Database) -> None:
    assert set(run(database, job_report.depths).values()) == {job_report.Depth(0, 0)}
    queued(database)
    run(database, job_queue.release, claimed(database), 30, counts=False)
    oldest = queued(database, "bob")
    queued(database, "bob", priority=0)
    claimed(database)
    with database.transaction() as connection:
        connection.execute("update jobs set created_at = now() - interval '90 s' where id = %s", [oldest.id])
    run(database, jobs.create, ids.new(), owner(), ids.new(), type="gang_sheet")
    depths = run(database, job_report.depths)
    assert {queue: depth.waiting for queue, depth in depths.items()} == {"jobs": 2, "print": 0, "print_slow": 1}
    assert 90 <= depths[Queue.CUTOUTS].oldest_s < 100
    assert 0 <= depths[Queue.SLOW].oldest_s < 10
    assert (run(database, job_report.report).oldest_queued_s or 0) >= 90


def test_the_depth_is_of_a_bounded_number_of_owners(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_report, "COUNTED", 2)
    for of in ("ann", "bob", "cleo", "ann", "bob", "cleo"):
        queued(database, of)
    assert run(database, job_report.depths)[Queue.CUTOUTS].waiting == 4


def test_the_report_counts_each_state_to_its_bound(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_report, "COUNTED", 2)
    for of in "abcd":
        queued(database, of)
    run(database, job_queue.fail, claimed(database), JobFailure.PROVIDER_FAILED, "", TIMINGS)
    states = run(database, job_report.report).states
    assert {state: count for state, count in states.items() if count} == {JobState.QUEUED: 2, JobState.FAILED: 1}


def test_overdue_jobs_are_counted_to_the_bound(database: Database) -> None:
    for _ in range(4):
        queued(database)
    rows.rewind(database, 6)
    assert [run(database, job_queue.overdue, Queue.CUTOUTS, 5, most) for most in (2, 9)] == [2, 4]


def test_a_sweep_wakes_and_fails_a_bounded_number(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_queue, "AT_ONCE", 2)
    for _ in range(3):
        queued(database)
    with database.transaction() as connection:
        connection.execute("update jobs set attempts = %s", [job_queue.MAX_ATTEMPTS])
    assert [len(run(database, job_queue.fail_exhausted)) for _ in range(3)] == [2, 1, 0]


def test_a_job_that_was_passed_over_while_blocked_is_looked_at_again_after_a_minute(database: Database) -> None:
    """Whatever kept its picture's end from making it ready."""
    picture = queued(database).asset_id
    claimed(database)
    second = run(database, jobs.create, ids.new(), owner(), picture)
    assert run(database, job_queue.claim_next, 60) is None
    with database.transaction() as connection:
        connection.execute("set local session_replication_role = replica")
        connection.execute("delete from jobs where status = 'running'")
        connection.execute("update jobs set wakes_at = wakes_at - interval '61 s'")
    assert claimed(database).id == second.id
