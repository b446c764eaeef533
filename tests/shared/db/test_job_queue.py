"""One running job a picture, and results that were made before; claims and fences have files of their own."""

import threading
from uuid import UUID

import pytest

from shared.db import assets, job_queue, object_deletions
from shared.models.asset import AssetKind
from shared.models.cutout import Provider
from shared.models.job import Job, JobFailure, JobState
from tests.shared.db.conftest import ANNE, TIMINGS, Records


def _claims(records: Records) -> list[UUID]:
    """Every job that can be claimed now, in order."""
    claimed = []
    while job := records.claim():
        claimed.append(job.id)
    return claimed


# One job a picture at a time


def test_a_picture_has_one_running_job(records: Records) -> None:
    asset = records.asset()
    first, second = records.job(asset), records.job(asset)
    other = records.job()
    assert _claims(records) == [first.id, other.id]
    with records.database.transaction() as connection:
        job_queue.fail(connection, records.found(first), JobFailure.PROVIDER_FAILED, "x", TIMINGS)
    assert _claims(records) == [second.id]


def test_a_job_that_waits_for_its_picture_needs_no_waker(records: Records) -> None:
    asset = records.asset()
    records.job(asset)
    records.job(asset)
    records.claim()
    with records.database.transaction() as connection:
        assert job_queue.overdue(connection, 0) == 0
    records.say(
        "update jobs set status = 'cancelled', finished_at = now(), lease_until = null where status = 'running'"
    )
    with records.database.transaction() as connection:
        assert job_queue.overdue(connection, 0) == 1


def test_a_dead_worker_does_not_keep_its_picture(records: Records) -> None:
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


def test_workers_that_race_for_two_jobs_of_a_picture_start_one(records: Records) -> None:
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


# Earlier results


def _reuse(records: Records, job: Job, *fingerprints: str) -> bool:
    with records.database.transaction() as connection:
        return job_queue.reuse(connection, job, list(fingerprints), TIMINGS)


def test_an_earlier_result_ends_a_job_free_of_cost(records: Records) -> None:
    asset = records.asset()
    earlier, job = records.finished(asset), records.claimed(asset)
    assert _reuse(records, job, "other", "f")
    done = records.found(job)
    assert (done.status, done.progress, done.provider) == (JobState.DONE, 100, Provider.REMOVEBG)
    assert done.result is not None
    assert earlier.result is not None
    assert done.result.cost_microusd == 0
    assert done.result.cutout_key == earlier.result.cutout_key
    assert done.result.asset_id != earlier.result.asset_id  # a row of its own, so that each can be deleted alone
    own = records.say("select kind, key, id from assets where job_id = %s", job.id)
    assert {row["kind"] for row in own} == assets.MADE
    assert done.result.asset_id in {row["id"] for row in own if row["kind"] == AssetKind.CUTOUT}


def test_a_reused_result_can_be_reused(records: Records) -> None:
    asset = records.asset()
    first = records.finished(asset)
    second = records.claimed(asset)
    assert _reuse(records, second, "f")
    with records.database.transaction() as connection:
        assert first.result is not None
        assert assets.delete(connection, ANNE, first.result.asset_id)
    assert _reuse(records, records.claimed(asset), "f")


def test_deleting_one_s_cut_out_leaves_the_other_s_rows(records: Records) -> None:
    asset = records.asset()
    first, second = records.finished(asset), records.claimed(asset)
    assert _reuse(records, second, "f")
    assert first.result is not None
    with records.database.transaction() as connection:
        assert assets.delete(connection, ANNE, first.result.asset_id)
    records.say("update assets set deleted_at = now() - interval '30 days' where deleted_at is not null")
    with records.database.transaction() as connection:
        assert object_deletions.due(connection, 86_400, 10) == []
    left = records.say("select job_id from assets where deleted_at is null and job_id is not null")
    assert [row["job_id"] for row in left] == [second.id] * 3


@pytest.mark.parametrize("kind", [AssetKind.CUTOUT, AssetKind.PREVIEW, AssetKind.MASK])
def test_a_result_of_which_anything_was_deleted_is_not_reused(records: Records, kind: AssetKind) -> None:
    asset = records.asset()
    earlier = records.finished(asset)
    records.say("update assets set deleted_at = now() where job_id = %s and kind = %s", earlier.id, kind)
    job = records.claimed(asset)
    assert not _reuse(records, job, "f")
    assert records.found(job).status is JobState.RUNNING
    assert records.say("select from assets where job_id = %s", job.id) == []


def test_a_result_that_is_deleted_in_this_moment_is_not_copied(records: Records) -> None:
    asset = records.asset()
    earlier, job = records.finished(asset), records.claimed(asset)
    records.say("update assets set deleted_at = now() where job_id = %s and kind = 'mask'", earlier.id)
    with records.database.transaction() as connection:
        assert assets.copy(connection, earlier.id, job.id) == {}
    assert records.say("select from assets where job_id = %s", job.id) == []


def test_only_what_is_named_is_reused(records: Records) -> None:
    asset = records.asset()
    records.finished(asset)
    job = records.claimed(asset)
    assert not _reuse(records, job, "another", "")
    assert not _reuse(records, job)


def test_a_failed_job_is_no_earlier_result(records: Records) -> None:
    asset = records.asset()
    failed = records.claimed(asset)
    with records.database.transaction() as connection:
        job_queue.fail(connection, failed, JobFailure.PROVIDER_FAILED, "x", TIMINGS)
    records.say("update jobs set fingerprint = 'f'")
    assert not _reuse(records, records.claimed(asset), "f")
