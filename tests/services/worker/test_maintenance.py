"""Maintenance: what is removed for good, and what must never be."""

import time
from uuid import UUID

import pytest

from services.worker.maintenance import KEEP_S, Maintenance
from services.worker.routine import Routine
from shared import errors
from shared.db import assets
from tests.services import pictures
from tests.services.worker.conftest import OWNER, Bench


@pytest.fixture
def maintenance(bench: Bench) -> Maintenance:
    return Maintenance(bench.database, bench.storage)


def _delete(bench: Bench, job_id: UUID, days_ago: int = 8) -> str:
    """Delete a job's source, some time ago; its key."""
    key = bench.source_key(job_id)
    with bench.database.transaction() as connection:
        assert assets.delete(connection, OWNER, bench.job(job_id).asset_id)
    bench.say("update assets set deleted_at = now() - %s * interval '1 day' where key = %s", days_ago, key)
    return key


def _objects(bench: Bench) -> set[str]:
    return {path.name for path in bench.objects.rglob("*") if path.is_file()}


def test_what_was_deleted_a_week_ago_is_removed_with_its_row(bench: Bench, maintenance: Maintenance) -> None:
    assert KEEP_S == 7 * 86_400
    kept = bench.source_key(bench.order(pictures.png()))
    _delete(bench, bench.order())
    assert maintenance.prune() == 1
    assert _objects(bench) == {kept}
    assert [row["key"] for row in bench.say("select key from assets")] == [kept]
    assert maintenance.prune() == 0


def test_what_was_deleted_lately_stays(bench: Bench, maintenance: Maintenance) -> None:
    key = _delete(bench, bench.order(), days_ago=6)
    assert maintenance.prune() == 0
    assert _objects(bench) == {key}


def test_bytes_that_were_sent_again_stay(bench: Bench, maintenance: Maintenance) -> None:
    key = _delete(bench, bench.order())
    assert bench.source_key(bench.order()) == key
    assert maintenance.prune() == 0
    assert _objects(bench) == {key}


def test_a_cut_out_goes_with_its_preview_and_mask(bench: Bench, maintenance: Maintenance) -> None:
    job_id = bench.order()
    job = bench.run(job_id)
    assert job.result is not None
    with bench.database.transaction() as connection:
        assets.delete(connection, OWNER, job.result.asset_id)
    bench.say("update assets set deleted_at = now() - interval '8 days' where job_id = %s", job_id)
    assert maintenance.prune() == 3
    assert _objects(bench) == {bench.source_key(job_id)}


def test_an_object_that_is_gone_already_takes_its_row_along(bench: Bench, maintenance: Maintenance) -> None:
    bench.storage.delete(_delete(bench, bench.order()))
    assert maintenance.prune() == 1
    assert bench.say("select id from assets") == []


def test_storage_that_refuses_keeps_the_row_for_the_next_time(bench: Bench, maintenance: Maintenance) -> None:
    key = _delete(bench, bench.order())
    path = bench.objects / key[:2] / key
    path.unlink()
    path.mkdir()  # cannot be removed as a file can
    with pytest.raises(errors.Unavailable):
        maintenance.prune()
    assert len(bench.say("select id from assets")) == 1
    path.rmdir()
    assert maintenance.prune() == 1


def test_maintenance_goes_on_after_a_refusal(bench: Bench, maintenance: Maintenance) -> None:
    key = _delete(bench, bench.order())
    path = bench.objects / key[:2] / key
    path.unlink()
    path.mkdir()
    running = Routine("maintenance", maintenance.prune, 0.05, patience_s=60)
    running.start()
    time.sleep(0.3)
    assert len(bench.say("select id from assets")) == 1
    path.rmdir()
    until = time.monotonic() + 5
    while bench.say("select id from assets"):
        assert time.monotonic() < until
        time.sleep(0.02)
    running.stop()
