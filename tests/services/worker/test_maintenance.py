"""Maintenance: what is removed for good, and what must never be removed."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from prometheus_client import REGISTRY

from services.worker.maintenance import DAY_S, KEEP_S, Maintenance, slices
from services.worker.periodic import PeriodicTask
from shared import errors
from shared.db import assets, designs, ids, object_deletions
from shared.models.design import Design, Placement
from shared.models.owner import Owner, OwnerType
from shared.models.print_check import PrintMethod
from shared.settings import Retention
from shared.storage import INCOMING
from tests.services import pictures
from tests.services.worker.conftest import OWNER, Bench
from tests.shared.db import catalogue, stored_prices


@pytest.fixture
def maintenance(bench: Bench) -> Maintenance:
    return Maintenance(bench.database, bench.storage, Retention())


def _delete(bench: Bench, job_id: UUID, days_ago: int = 8) -> str:
    """Mark a job's source as deleted some time ago, and return its key."""
    key = bench.source_key(job_id)
    with bench.database.transaction() as connection:
        assets.delete(connection, OWNER, bench.job(job_id).asset_id)
    bench.say("update assets set deleted_at = now() - %s * interval '1 day' where key = %s", days_ago, key)
    return key


def _objects(bench: Bench) -> set[str]:
    return {path.name for path in bench.objects.rglob("*") if path.is_file()}


def test_an_object_deleted_a_week_ago_is_removed_with_its_row(bench: Bench, maintenance: Maintenance) -> None:
    assert KEEP_S == 7 * 86_400
    kept = bench.source_key(bench.order(pictures.png()))
    _delete(bench, bench.order())
    assert maintenance.prune() == 1
    assert _objects(bench) == {kept}
    assert [row["key"] for row in bench.say("select key from assets")] == [kept]
    assert maintenance.prune() == 0


def test_a_recently_deleted_object_stays(bench: Bench, maintenance: Maintenance) -> None:
    key = _delete(bench, bench.order(), days_ago=6)
    assert maintenance.prune() == 0
    assert _objects(bench) == {key}


def test_an_object_that_was_uploaded_again_stays(bench: Bench, maintenance: Maintenance) -> None:
    key = _delete(bench, bench.order())
    assert bench.source_key(bench.order()) == key
    assert maintenance.prune() == 0
    assert _objects(bench) == {key}


def test_the_variants_of_a_picture_are_removed_with_it(bench: Bench, maintenance: Maintenance) -> None:
    key = _delete(bench, bench.order())
    bench.storage.put(f"{key[:64]}-w800.webp", b"smaller", "image/webp", {})
    assert maintenance.prune() == 2
    assert _objects(bench) == set()


def test_an_object_uploaded_during_its_removal_exists_in_the_end(bench: Bench, maintenance: Maintenance) -> None:
    """The upload stores its object, then the old one is removed, then the upload inserts its row."""
    _delete(bench, bench.order())
    put = bench.storage.put

    def put_during_a_removal(*stored: Any) -> None:
        put(*stored)
        assert maintenance.prune() == 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench.storage, "put", put_during_a_removal)
        with pytest.raises(errors.Unavailable):  # the caller is told to retry
            bench.order()
    assert bench.say("select id from assets") == []
    bench.say("update removals set at = at - interval '61 seconds'")
    again = bench.source_key(bench.order())
    assert _objects(bench) == {again}
    assert maintenance.prune() == 0


def test_a_due_object_that_was_uploaded_again_stays(bench: Bench, maintenance: Maintenance) -> None:
    key = _delete(bench, bench.order())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(object_deletions, "due", lambda *_: [bench.source_key(bench.order())[:64]])
        assert maintenance.prune() == 0
    assert _objects(bench) == {key}


def test_a_removal_that_took_too_long_deletes_nothing_more(
    bench: Bench, maintenance: Maintenance, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = _delete(bench, bench.order())
    monkeypatch.setattr("services.worker.maintenance.DELETE_S", -1)
    assert maintenance.prune() == 0
    assert _objects(bench) == {key}
    assert len(bench.say("select id from assets")) == 1
    monkeypatch.undo()
    assert maintenance.prune() == 1


@pytest.mark.parametrize(
    ("guest_days", "customer_days", "kept"),
    [
        ("30", "0", {"key"}),
        ("0", "60", {"guest"}),
        ("0", "0", {"guest", "key"}),
        ("60", "60", set()),
        ("62", "62", {"guest", "key"}),
    ],
)
def test_pictures_expire_after_the_retention_of_their_owner(
    bench: Bench, guest_days: str, customer_days: str, kept: set[str]
) -> None:
    for owner in (OWNER, Owner(OwnerType.KEY, "customer")):
        bench.source(owner=owner)
    bench.say("update assets set used_at = now() - interval '61 days'")
    retention = Retention.read({"GUEST_RETENTION_DAYS": guest_days, "CUSTOMER_RETENTION_DAYS": customer_days})
    assert Maintenance(bench.database, bench.storage, retention).expire() == 2 - len(kept)
    rows = bench.say("select owner_type from assets where deleted_at is null")
    assert {row["owner_type"] for row in rows} == kept


def test_a_design_expires_with_its_picture_and_keeps_it_until_then(bench: Bench) -> None:
    retention = Retention.read({"GUEST_RETENTION_DAYS": "30"})
    runs = Maintenance(bench.database, bench.storage, retention)
    picture = bench.source()
    front = Placement("front", picture.id, PrintMethod.DTF, 0, 0, 1000, (1, 1))
    now = datetime.now(UTC)
    design = Design(ids.new(), OWNER, catalogue.tee(bench.database), "Party", "ffffff", (front,), now, now)
    with bench.database.transaction() as connection:
        designs.add(connection, design)
    bench.say("update assets set used_at = now() - interval '31 days'")
    assert runs.expire() == 0
    bench.say("update designs set updated_at = now() - interval '31 days'")
    assert runs.expire() == 1
    bench.say("update designs set deleted_at = now() - interval '8 days'")
    assert runs.forget_designs() == 1
    assert bench.say("select id from designs") == []


def test_a_quote_goes_a_day_after_it_expired(bench: Bench, maintenance: Maintenance) -> None:
    with bench.database.transaction() as connection:
        for hours in (23, 25):
            stored_prices.quote(connection, expired_s=3600 * hours)
    assert maintenance.forget() == 1
    assert maintenance.forget() == 0


def test_two_workers_prune_as_one(bench: Bench) -> None:
    for shade in range(6):
        _delete(bench, bench.order(pictures.png(shade=shade)))
    with ThreadPoolExecutor(2) as pool:
        workers = [Maintenance(bench.database, bench.storage, Retention()) for _ in range(2)]
        counted = list(pool.map(lambda worker: worker.prune(), workers))
    assert sum(counted) >= 6
    assert (_objects(bench), bench.say("select id from assets")) == (set(), [])


def _age(bench: Bench, key: str, days: float) -> None:
    at = time.time() - days * DAY_S
    path = bench.objects / key if "/" in key else bench.objects / key[:2] / key
    os.utime(path, (at, at))


def _orphan(bench: Bench, digits: str, days: float) -> str:
    """An object whose row was never inserted."""
    key = f"{digits * 32}.png"
    bench.storage.put(key, b"nobody's", "image/png", {})
    _age(bench, key, days)
    return key


def test_old_objects_without_rows_are_collected(bench: Bench, maintenance: Maintenance) -> None:
    key = bench.source_key(bench.order())
    owned = (key, f"{key[:64]}-w400.webp")
    bench.storage.put(owned[1], b"smaller", "image/webp", {})
    for each in owned:
        _age(bench, each, days=40)
    old = _orphan(bench, "cd", days=8)
    young = _orphan(bench, "ce", days=6)
    assert maintenance.collect(["cd", "ce", key[:2]]) == 1
    assert _objects(bench) == {*owned, young}
    assert old not in _objects(bench)


def test_objects_of_recently_deleted_rows_are_not_collected(bench: Bench, maintenance: Maintenance) -> None:
    key = _delete(bench, bench.order(), days_ago=3)
    _age(bench, key, days=40)
    assert maintenance.collect([key[:2]]) == 0
    assert _objects(bench) == {key}


def test_collection_reads_page_by_page_and_ends(
    bench: Bench, maintenance: Maintenance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.worker.maintenance._PAGE", 2)
    monkeypatch.setattr("services.worker.maintenance.AT_ONCE", 5)
    for number in range(7):
        _orphan(bench, f"c{number}", days=8)
    prefixes = [f"c{number}" for number in range(7)]
    assert [maintenance.collect(prefixes) for _ in range(3)] == [5, 2, 0]


def test_every_object_is_examined_within_a_day() -> None:
    hours = [slices(1_900_000_000 + hour * 3600) for hour in range(24)]
    assert {prefix for hour in hours for prefix in hour} == {f"{number:02x}" for number in range(256)}
    assert {len(hour) for hour in hours} == {11}


def test_unfinished_uploads_are_collected_after_a_day(bench: Bench, maintenance: Maintenance) -> None:
    keys = [f"{INCOMING}{uuid4()}" for _ in range(2)]
    for key, days in zip(keys, (1.1, 0.9), strict=True):
        bench.storage.put(key, b"sent", "image/png", {})
        _age(bench, key, days)
    assert maintenance.collect_unfinished() == 1
    assert [entry.key for entry in bench.storage.walk(INCOMING)] == [keys[1]]


def test_a_run_does_all_tasks_and_counts(bench: Bench, maintenance: Maintenance) -> None:
    def removed(reason: str) -> float:
        return REGISTRY.get_sample_value("stolentee_objects_removed_total", {"reason": reason}) or 0.0

    reasons = ("deleted", "unknown", "unfinished")
    before = [removed(reason) for reason in reasons]
    _delete(bench, bench.order())
    guests = bench.order(pictures.png())
    bench.say("update assets set used_at = now() - interval '31 days'")
    bench.say("update jobs set status = 'cancelled', finished_at = now()")
    _orphan(bench, slices(time.time())[5], days=8)
    key = f"{INCOMING}{uuid4()}"
    bench.storage.put(key, b"sent", "image/png", {})
    _age(bench, key, days=2)
    maintenance.run()
    assert [removed(reason) for reason in reasons] == [count + 1 for count in before]
    hidden = bench.say("select deleted_at from assets where id = %s", bench.job(guests).asset_id)
    assert hidden[0]["deleted_at"] is not None
    maintenance.run()
    assert len(_objects(bench)) == 1  # deleted, and stored for another week


def test_a_cut_out_is_removed_with_its_preview_and_mask(bench: Bench, maintenance: Maintenance) -> None:
    job_id = bench.order()
    job = bench.run(job_id)
    assert job.result is not None
    with bench.database.transaction() as connection:
        assets.delete(connection, OWNER, bench.result(job).asset_id)
    bench.say("update assets set deleted_at = now() - interval '8 days' where job_id = %s", job_id)
    assert maintenance.prune() == 3
    assert _objects(bench) == {bench.source_key(job_id)}


def test_the_row_of_a_missing_object_is_removed(bench: Bench, maintenance: Maintenance) -> None:
    bench.storage.delete(_delete(bench, bench.order()))
    assert maintenance.prune() == 0
    assert bench.say("select id from assets") == []


def test_a_failed_removal_leaves_the_row_for_the_next_run(bench: Bench, maintenance: Maintenance) -> None:
    key = _delete(bench, bench.order())
    path = bench.objects / key[:2] / key
    path.unlink()
    path.mkdir()  # a folder, so unlinking it fails
    with pytest.raises(errors.Unavailable):
        maintenance.prune()
    assert len(bench.say("select id from assets")) == 1
    path.rmdir()
    maintenance.prune()
    assert bench.say("select id from assets") == []


def test_maintenance_continues_after_a_failed_removal(bench: Bench, maintenance: Maintenance) -> None:
    key = _delete(bench, bench.order())
    path = bench.objects / key[:2] / key
    path.unlink()
    path.mkdir()
    running = PeriodicTask("maintenance", maintenance.prune, 0.05, tolerance_s=60)
    running.start()
    time.sleep(0.3)
    assert len(bench.say("select id from assets")) == 1
    path.rmdir()
    until = time.monotonic() + 5
    while bench.say("select id from assets"):
        assert time.monotonic() < until
        time.sleep(0.02)
    running.stop()
