"""One running job per picture, and earlier results; claims and fences have their own files."""

import threading
from dataclasses import replace
from uuid import UUID

import pytest

from shared import errors
from shared.db import job_queue, object_deletions
from shared.models.asset import AssetKind
from shared.models.cutout import ASSETS, Provider
from shared.models.job import Job, JobFailure, JobState, Outcome
from tests.shared.db.conftest import TIMINGS, Records


def _claims(records: Records) -> list[UUID]:
    """Every job that can be claimed now, in order."""
    claimed = []
    while job := records.claim():
        claimed.append(job.id)
    return claimed


# One running job per picture


def test_a_picture_has_one_running_job(records: Records) -> None:
    asset = records.asset()
    first, second = records.job(asset), records.job(asset)
    other = records.job()
    assert _claims(records) == [first.id, other.id]
    with records.database.transaction() as connection:
        job_queue.fail(connection, records.found(first), JobFailure.PROVIDER_FAILED, "x", TIMINGS)
    assert _claims(records) == [second.id]


def test_a_job_that_waits_for_its_picture_needs_no_wake_up(records: Records) -> None:
    asset = records.asset()
    records.job(asset)
    records.job(asset)
    records.claim()
    with records.database.transaction() as connection:
        assert job_queue.overdue(connection, "jobs", 0) == 0
    records.say(
        "update jobs set status = 'cancelled', finished_at = now(), lease_until = null where status = 'running'"
    )
    with records.database.transaction() as connection:
        assert job_queue.overdue(connection, "jobs", 0) == 1


def test_a_dead_worker_does_not_block_its_picture(records: Records) -> None:
    asset = records.asset()
    records.job(asset)
    second = records.job(asset, priority=0)
    first = records.claim()
    assert first is not None
    assert first.id == second.id  # the urgent one
    records.say("update jobs set lease_until = now() - interval '1 s' where id = %s", first.id)
    again = records.claim()
    assert again is not None
    assert again.id == first.id
    assert records.claim() is None


def test_workers_racing_for_two_jobs_of_a_picture_start_one(records: Records) -> None:
    for _ in range(10):
        asset = records.asset()
        pair = {records.job(asset).id, records.job(asset).id}
        together, claimed = threading.Barrier(6), list[Job]()

        def race(together: threading.Barrier = together, claimed: list[Job] = claimed) -> None:
            together.wait()
            if job := records.claim():
                claimed.append(job)

        threads = [threading.Thread(target=race) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(claimed) == 1
        assert claimed[0].id in pair
        records.say("delete from jobs")


# Earlier outcomes


def _find(records: Records, *fingerprints: str) -> Outcome | None:
    with records.database.transaction() as connection:
        return job_queue.find_outcome(connection, fingerprints, len(ASSETS))


def test_an_earlier_outcome_is_found_unchanged(records: Records) -> None:
    earlier = records.finished()
    found = _find(records, "other", "f")
    assert found is not None
    assert (found.result, found.provider, found.fingerprint) == (earlier.result, Provider.REMOVEBG, "f")
    assert {asset.kind for asset in found.assets} == ASSETS
    assert {asset.job_id for asset in found.assets} == {earlier.id}


def test_the_newest_of_several_outcomes_is_found(records: Records) -> None:
    asset = records.asset()
    records.finished(asset)
    newer = records.finished(asset)
    found = _find(records, "f")
    assert found is not None
    assert {asset.job_id for asset in found.assets} == {newer.id}


@pytest.mark.parametrize("kind", sorted(ASSETS))
def test_an_outcome_with_a_deleted_asset_is_not_found(records: Records, kind: AssetKind) -> None:
    earlier = records.finished()
    records.say("update assets set deleted_at = now() where job_id = %s and kind = %s", earlier.id, kind)
    assert _find(records, "f") is None


def test_only_outcomes_with_the_given_fingerprints_are_found(records: Records) -> None:
    records.finished()
    assert _find(records, "another", "") is None
    assert _find(records) is None


def test_a_failed_job_is_not_an_earlier_outcome(records: Records) -> None:
    failed = records.claimed()
    with records.database.transaction() as connection:
        job_queue.fail(connection, failed, JobFailure.PROVIDER_FAILED, "x", TIMINGS)
    records.say("update jobs set fingerprint = 'f'")
    assert _find(records, "f") is None


def test_finishing_a_job_inserts_the_rows_of_its_assets(records: Records) -> None:
    job, other = records.claimed(), records.claimed()
    made = tuple(records.unsaved(kind=kind, job_id=job.id) for kind in ASSETS)
    for fence, rows in ((job.fence + 1, 0), (job.fence, len(made))):
        with records.database.transaction() as connection:
            finished = job_queue.finish(connection, replace(job, fence=fence), Outcome({}, made), TIMINGS)
        assert finished == bool(rows)
        assert len(records.say("select id from assets where job_id = %s", job.id)) == rows
    assert records.found(other).status is JobState.RUNNING


def test_a_job_whose_objects_are_being_removed_does_not_end(records: Records) -> None:
    job = records.claimed()
    made = tuple(records.unsaved(kind=kind, job_id=job.id) for kind in ASSETS)
    records.say("insert into removals (stem) values (%s)", made[1].key[:64])
    with pytest.raises(errors.Unavailable) as removed, records.database.transaction() as connection:
        job_queue.finish(connection, job, Outcome({}, made), TIMINGS)
    assert 50 < (removed.value.retry_after_s or 0) <= object_deletions.GOING_S
    assert records.found(job).status is JobState.RUNNING
    assert records.say("select id from assets where job_id = %s", job.id) == []
