"""A job changes state as drawn in shared.models.job, and only for its owner."""

from dataclasses import replace

import psycopg
import pytest

from shared.db import ids, job_queue, jobs
from shared.db.pool import Database
from shared.models.cutout import Provider
from shared.models.job import Job, JobError, JobFailure, JobState, JobType, Timings
from tests.shared.db import rows
from tests.shared.db.rows import OUTCOME, RESULT, TIMINGS, claimed, owner, queued, run, seen


def fail(database: Database, job: Job) -> bool:
    return run(database, job_queue.fail, job, JobFailure.PROVIDER_FAILED, "It broke.", TIMINGS)


def finish(database: Database, job: Job) -> bool:
    return run(database, job_queue.finish, job, OUTCOME, TIMINGS)


def test_a_new_job_is_queued_and_found_by_its_owner_only(database: Database) -> None:
    job_id, asset_id = ids.new(), ids.new()
    job = run(database, jobs.create, job_id, owner(), asset_id)
    assert (job.id, job.owner, job.asset_id, job.type) == (job_id, owner(), asset_id, JobType.CUTOUT)
    assert (job.status, job.progress, job.attempts, job.fence, job.version) == (JobState.QUEUED, 0, 0, 0, 1)
    assert (job.started_at, job.finished_at, job.provider, job.result, job.error) == (None,) * 5
    assert job.timings == Timings()
    assert run(database, jobs.find, owner(), job_id) == job
    assert run(database, jobs.find, owner("bob"), job_id) is None
    assert run(database, jobs.find, owner(), ids.new()) is None


def test_a_job_of_the_previous_release_keeps_its_provider(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(
            """insert into jobs (id, owner_type, user_id, type, asset_id, wanted)
            values (%s, %s, %s, 'cutout', %s, 'removebg')""",
            [ids.new(), owner().type, owner().id, ids.new()],
        )
    assert claimed(database).input == {"provider": "removebg"}


def test_the_previous_release_sees_the_provider_of_a_new_job(database: Database) -> None:
    for given in ({"provider": "removebg"}, {}):
        run(database, jobs.create, ids.new(), owner(), ids.new(), input=given)
    with database.transaction() as connection:
        rows = connection.execute("select wanted from jobs order by created_at").fetchall()
    assert [row["wanted"] for row in rows] == ["removebg", None]


def test_a_claimed_job_runs(database: Database) -> None:
    queued(database)
    job = claimed(database)
    assert (job.status, job.attempts, job.fence, job.finished_at) == (JobState.RUNNING, 1, 1, None)
    assert job.started_at is not None
    assert job.started_at >= job.created_at
    assert 0 < job.progress < 20


def test_a_finished_job_has_its_result(database: Database) -> None:
    queued(database)
    job = claimed(database)
    assert finish(database, job)
    done = seen(database, job)
    assert (done.status, done.progress, done.provider, done.error) == (JobState.DONE, 100, Provider.SELF_HOSTED, None)
    assert (done.result, done.timings) == (RESULT.json(), TIMINGS)
    assert done.finished_at is not None


def test_a_failed_job_has_its_error(database: Database) -> None:
    queued(database)
    job = claimed(database)
    assert run(database, job_queue.fail, job, JobFailure.UNKNOWN_FOREGROUND, "Nothing to be seen.", TIMINGS)
    failed = seen(database, job)
    assert (failed.status, failed.result, failed.timings) == (JobState.FAILED, None, TIMINGS)
    assert failed.error == JobError("unknown_foreground", "Nothing to be seen.")
    assert failed.finished_at is not None


def test_progress_is_shown_while_it_runs_and_never_goes_back(database: Database) -> None:
    queued(database)
    job = claimed(database)
    for progress, shown in ((20, 20), (70, 70), (20, 70)):
        assert run(database, job_queue.advance, job, progress)
        assert (seen(database, job).status, seen(database, job).progress) == (JobState.RUNNING, shown)


def test_a_job_keeps_its_type_and_its_input(database: Database) -> None:
    job = run(database, jobs.create, ids.new(), owner(), ids.new(), type="newer", input={"sides": [1, 2]})
    assert (seen(database, job).type, seen(database, job).input) == ("newer", {"sides": [1, 2]})


def test_a_postponed_job_waits_until_its_time(database: Database) -> None:
    queued(database)
    job = claimed(database)
    run(database, job_queue.advance, job, 70)
    assert run(database, job_queue.release, job, 30, counts=True)
    waiting = seen(database, job)
    assert (waiting.status, waiting.progress, waiting.attempts) == (JobState.QUEUED, 0, 1)
    rows.rewind(database, 29)
    assert run(database, job_queue.claim_next, 60) is None
    rows.rewind(database, 2)
    assert claimed(database).attempts == 2


def test_an_attempt_that_failed_for_an_outage_does_not_count(database: Database) -> None:
    job = queued(database)
    for _ in range(2 * job_queue.MAX_ATTEMPTS):
        running = claimed(database)
        assert running.attempts == 1
        assert run(database, job_queue.release, running, 0, counts=False)
    assert (seen(database, job).attempts, seen(database, job).fence) == (0, 2 * job_queue.MAX_ATTEMPTS)


def test_delays_without_a_fault_of_the_job_add_up_until_an_attempt_counts_or_it_is_tried_again(
    database: Database,
) -> None:
    job = queued(database)
    for delay_s, counts, postponed_s in ((0.5, False, 0.5), (2, False, 2.5), (4, True, 0), (8, False, 8)):
        run(database, job_queue.release, claimed(database), delay_s, counts=counts)
        assert seen(database, job).postponed_s == postponed_s
        rows.rewind(database, 9)
    run(database, jobs.cancel, owner(), job.id)
    run(database, jobs.retry, owner(), job.id)
    assert seen(database, job).postponed_s == 0


def test_a_job_starts_when_it_is_first_claimed(database: Database) -> None:
    queued(database)
    first = claimed(database)
    run(database, job_queue.release, first, 0, counts=True)
    assert claimed(database).started_at == first.started_at


@pytest.mark.parametrize("running", [False, True])
def test_a_job_that_has_not_ended_can_be_cancelled_by_its_owner(database: Database, running: bool) -> None:
    job = queued(database)
    if running:
        claimed(database)
    assert run(database, jobs.cancel, owner("bob"), job.id) is None
    cancelled = run(database, jobs.cancel, owner(), job.id)
    assert cancelled is not None
    assert cancelled == seen(database, job)
    assert (cancelled.status, cancelled.error) == (JobState.CANCELLED, None)
    assert cancelled.finished_at is not None
    assert run(database, job_queue.claim_next, 60) is None


def test_an_ended_job_cannot_be_cancelled(database: Database) -> None:
    for end in (finish, fail):
        queued(database)
        job = claimed(database)
        assert end(database, job)
        assert run(database, jobs.cancel, owner(), job.id) is None
    cancelled = queued(database)
    run(database, jobs.cancel, owner(), cancelled.id)
    assert run(database, jobs.cancel, owner(), cancelled.id) is None


def test_a_failed_job_can_be_tried_again_from_the_start(database: Database) -> None:
    queued(database)
    job = claimed(database)
    fail(database, job)
    assert run(database, jobs.retry, owner("bob"), job.id) is None
    again = run(database, jobs.retry, owner(), job.id)
    assert again is not None
    assert again == seen(database, job)
    assert (again.id, again.status, again.progress, again.attempts) == (job.id, JobState.QUEUED, 0, 0)
    assert (again.started_at, again.finished_at, again.error, again.provider) == (None,) * 4
    assert again.timings == Timings()
    assert claimed(database).fence > job.fence


def test_a_cancelled_job_can_be_tried_again(database: Database) -> None:
    job = queued(database)
    run(database, jobs.cancel, owner(), job.id)
    again = run(database, jobs.retry, owner(), job.id)
    assert again is not None
    assert again.status is JobState.QUEUED
    assert claimed(database).id == job.id


def test_a_job_that_has_not_failed_cannot_be_tried_again(database: Database) -> None:
    job = queued(database)
    assert run(database, jobs.retry, owner(), job.id) is None
    job = claimed(database)
    assert run(database, jobs.retry, owner(), job.id) is None
    finish(database, job)
    assert run(database, jobs.retry, owner(), job.id) is None
    assert run(database, jobs.retry, owner(), ids.new()) is None


def test_every_visible_change_raises_the_version_and_nothing_else_does(database: Database) -> None:
    job = queued(database)
    versions = [seen(database, job).version]
    running = claimed(database)
    changes = (
        lambda: run(database, job_queue.advance, running, 20),
        lambda: run(database, job_queue.renew, [(running.id, running.fence)], 60),  # not visible
        lambda: run(database, job_queue.advance, running, 20),  # no change
        lambda: run(database, job_queue.advance, replace(running, fence=9), 70),  # fenced off
        lambda: finish(database, running),
    )
    versions.append(seen(database, job).version)
    for change in changes:
        change()
        versions.append(seen(database, job).version)
    assert versions == [1, 2, 3, 3, 3, 3, 4]


def test_the_table_refuses_an_inconsistent_state(database: Database) -> None:
    queued(database)
    for half in ("status = 'running'", "status = 'done', finished_at = now()", "status = 'lost'", "progress = 101"):
        with pytest.raises(psycopg.errors.CheckViolation), database.transaction() as connection:
            connection.execute(f"update jobs set {half}".encode())
