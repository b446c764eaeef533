"""A guest's rows become a customer's, also those that both have and those that a worker has in hand."""

import threading
import time
from collections.abc import Callable
from uuid import UUID

import pytest

from shared import errors
from shared.db import (
    assets,
    customers,
    designs,
    ids,
    job_queue,
    jobs,
    owned_tables,
    ownership,
    pagination,
    pending_uploads,
    quotas,
)
from shared.db.pool import Database
from shared.models.asset import Asset, AssetKind
from shared.models.design import Design, Placement
from shared.models.job import FollowUp, Job, JobState, JobType, Outcome
from shared.models.owner import Owner
from shared.models.print_check import PrintMethod
from tests.shared.db import catalogue
from tests.shared.db.conftest import ANNE, BERT, TIMINGS, Records
from tests.shared.db.fair_order import wrong


@pytest.fixture
def customer(database: Database) -> Owner:
    with database.transaction() as connection:
        return customers.add(connection, "ann@shop.example", "Ann", "hash").owner


def _move(records: Records, to: Owner, guest: Owner = ANNE) -> None:
    with records.database.transaction() as connection:
        customers.find(connection, UUID(to.id), lock=True)
        ownership.move(connection, guest, to)
    with records.database.transaction() as connection:
        assert wrong(connection) == []


def _assets(records: Records, owner: Owner) -> list[UUID]:
    with records.database.transaction() as connection:
        return [asset.id for asset in assets.page(connection, owner, 100, None).items]


def _jobs(records: Records, owner: Owner) -> list[UUID]:
    with records.database.transaction() as connection:
        return [job.id for job in jobs.page(connection, owner, 100, None, None).items]


def _stored(records: Records, owner: Owner) -> int:
    with records.database.transaction() as connection:
        return quotas.usage(connection, owner).stored_bytes


def _finish(records: Records, job: Job, *made: Asset, follow_ups: tuple[FollowUp, ...] = ()) -> bool:
    outcome = Outcome({"type": "cutout"}, assets=made, follow_ups=follow_ups)
    with records.database.transaction() as connection:
        return job_queue.finish(connection, job, outcome, TIMINGS)


def test_all_of_a_guest_s_rows_and_no_other_s_become_the_customer_s(records: Records, customer: Owner) -> None:
    mine, other = records.finished(), records.finished(records.asset(BERT), fingerprint="g")
    queued = records.job()
    upload = pending_uploads.PendingUpload(ids.new(), ANNE, "image/png", 9, None, mine.created_at)
    with records.database.transaction() as connection:
        pending_uploads.add(connection, upload)
    before = _assets(records, ANNE)
    _move(records, customer)
    assert _assets(records, customer) == before
    assert _jobs(records, customer) == [queued.id, mine.id]
    assert _jobs(records, BERT) == [other.id]
    assert (_assets(records, ANNE), _jobs(records, ANNE)) == ([], [])
    with records.database.transaction() as connection:
        assert pending_uploads.find(connection, customer, upload.id)
        assert not pending_uploads.find(connection, ANNE, upload.id)


def test_of_a_picture_that_both_have_the_customer_s_stays(records: Records, customer: Owner) -> None:
    kept, gone = records.asset(customer, words="one photo"), records.asset(words="one photo")
    made = records.unsaved(kind=AssetKind.PRINT)
    done, queued = records.finished(gone), records.job(gone, input={"items": [{"assetId": str(gone.id)}]})
    with records.database.transaction() as connection:
        assets.add(connection, made)
        connection.execute("update assets set made_of = %s where id = %s", [gone.id, made.id])
    _move(records, customer)
    assert kept.id in _assets(records, customer)
    assert gone.id not in _assets(records, customer)
    assert [records.found(job).asset_id for job in (done, queued)] == [kept.id] * 2
    assert records.found(queued).input == {"items": [{"assetId": str(kept.id)}]}
    assert records.say("select made_of from assets where id = %s", made.id) == [{"made_of": kept.id}]


@pytest.mark.parametrize("busy", [False, True])
def test_a_job_that_runs_on_such_a_picture_is_run_again(records: Records, customer: Owner, busy: bool) -> None:
    kept, gone = records.asset(customer, words="one photo"), records.asset(words="one photo")
    running = records.claimed(gone)
    waiting = records.job(gone)
    theirs = records.claimed(kept) if busy else None
    _move(records, customer)
    with pytest.raises(errors.SourceMissing):
        _finish(records, running)
    again = records.found(running)
    assert (again.status, again.attempts, again.asset_id) == (JobState.QUEUED, 0, kept.id)
    if theirs:
        assert _finish(records, theirs)
    ended = []
    while job := records.claim():
        ended.append(job.id)
        assert _finish(records, job)
        records.say("update jobs set wakes_at = now() where claim_state = 'blocked'")
    assert sorted(ended) == sorted([running.id, waiting.id])


def test_a_job_in_a_worker_s_hands_ends_in_the_customer_s_list(records: Records, customer: Owner) -> None:
    job = records.claimed()
    made = records.unsaved(kind=AssetKind.CUTOUT, job_id=job.id)
    _move(records, customer)
    assert _finish(records, job, made, follow_ups=(FollowUp(JobType.PRINT_CHECK, made.id, {}),))
    assert made.id in _assets(records, customer)
    assert records.say("select count(*) from jobs where user_id = %s", customer.id) == [{"count": 2}]
    assert _assets(records, ANNE) == []


def test_what_is_stored_counts_for_the_customer_and_an_object_of_both_once(records: Records, customer: Owner) -> None:
    records.asset(customer, words="one photo")
    records.asset(words="one photo")  # the same key in these tests
    records.asset()
    upload = pending_uploads.PendingUpload(ids.new(), ANNE, "image/png", 7, None, records.asset().created_at)
    with records.database.transaction() as connection:
        pending_uploads.add(connection, upload)
    _move(records, customer)
    assert _stored(records, ANNE) == 0
    assert _stored(records, customer) == 3 * 99 + 7


def test_a_second_guest_s_rows_join_the_first_s(records: Records, customer: Owner) -> None:
    for guest in (ANNE, BERT):
        records.job(records.asset(guest, words="one photo"))
        records.asset(guest)
        _move(records, customer, guest)
    assert len(_assets(records, customer)) == 3
    assert len({records.found(job).asset_id for job in map(records.found, _all(records, customer))}) == 1


def _all(records: Records, owner: Owner) -> list[Job]:
    with records.database.transaction() as connection:
        page: pagination.Page[Job] = jobs.page(connection, owner, 100, None, None)
    return page.items


def test_a_picture_that_the_customer_sends_at_that_moment_is_met(records: Records, customer: Owner) -> None:
    """The move waits for it, fails at the index, and then finds the double."""
    gone, kept = records.asset(words="one photo"), records.unsaved(customer, words="one photo")
    moved = threading.Thread(target=_move, args=[records, customer])
    with records.database.transaction() as connection:
        assets.add(connection, kept)
        moved.start()
        _await_lock(records)
    moved.join(5)
    assert _assets(records, customer) == [kept.id]
    assert records.say("select deleted_at is not null as gone from assets where id = %s", gone.id) == [{"gone": True}]


def _await_lock(records: Records) -> None:
    until = time.monotonic() + 5
    waiting = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    while not records.say(waiting):
        assert time.monotonic() < until


def test_jobs_that_workers_end_meanwhile_stay_counted(records: Records, customer: Owner) -> None:
    """Two movers and two workers at once, in any order: no deadlock, and the queues agree with the jobs."""
    for guest in (ANNE, BERT):
        for _ in range(20):
            records.job(records.asset(guest))
    failed: list[Exception] = []

    def work() -> None:
        while job := records.claim():
            _finish(records, job)

    def guarded(step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001 - the test reports it
            failed.append(error)

    steps: list[Callable[[], None]] = [work, work]
    steps += [lambda guest=guest: _move(records, customer, guest) for guest in (ANNE, BERT)]  # type: ignore[misc]
    threads = [threading.Thread(target=guarded, args=[step]) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    work()
    assert failed == []
    assert len(_jobs(records, customer)) == 40
    with records.database.transaction() as connection:
        assert wrong(connection) == []


def _design(records: Records, picture: Asset) -> Design:
    front = Placement("front", picture.id, PrintMethod.DTF, 0, 0, 1000, (4, 3))
    product = catalogue.tee(records.database)
    made = Design(
        ids.new(), picture.owner, product, "Party", "ffffff", (front,), picture.created_at, picture.created_at
    )
    with records.database.transaction() as connection:
        designs.add(connection, made)
    return made


def test_a_guest_s_designs_show_the_pictures_that_stay(records: Records, customer: Owner) -> None:
    kept, gone = records.asset(customer, words="one photo"), records.asset(words="one photo")
    design = _design(records, gone)
    _move(records, customer)
    with records.database.transaction() as connection:
        found = designs.find(connection, customer, design.id)
        exported = ownership.export(connection, customer)
        ownership.erase(connection, customer)
    assert found
    assert (found.placements[0].asset_id, found.placements[0].problem) == (kept.id, None)
    assert [row["id"] for row in exported["designs"]] == [design.id]
    assert [row["asset_id"] for row in exported["design_placements"]] == [kept.id]
    assert records.say("select id from designs") == records.say("select design_id from design_placements") == []


def test_an_export_holds_the_owner_s_rows_that_are_not_deleted(records: Records) -> None:
    job = records.finished()
    records.finished(records.asset(BERT), fingerprint="g")
    deleted = records.asset()
    with records.database.transaction() as connection:
        assets.delete(connection, ANNE, deleted.id)
        found = ownership.export(connection, ANNE)
    assert [row["id"] for row in found["jobs"]] == [job.id]
    assert len(found["assets"]) == 4
    assert found["incoming"] == []


def test_an_export_holds_no_placement_of_a_deleted_design(records: Records) -> None:
    design = _design(records, records.asset())
    with records.database.transaction() as connection:
        designs.delete(connection, design.owner, design.id)
        assert ownership.export(connection, design.owner)["design_placements"] == []


def test_an_erased_owner_keeps_no_picture_no_file_name_and_no_job_that_runs(records: Records) -> None:
    asset = records.asset()
    records.say("update assets set name = 'me.jpg'")
    running = records.claimed(asset)
    other = records.job(records.asset(BERT))
    with records.database.transaction() as connection:
        ownership.erase(connection, ANNE)
    assert _assets(records, ANNE) == []
    assert records.say("select name from assets where id = %s", asset.id) == [{"name": ""}]
    assert records.found(running).status is JobState.CANCELLED
    with pytest.raises(errors.SourceMissing):
        _finish(records, running)
    assert records.found(other).status is JobState.QUEUED


def test_every_table_with_owners_is_listed(records: Records) -> None:
    """But for those that keep no row longer than a day, and those that count."""
    found = records.say(
        "select table_name from information_schema.columns where column_name = 'owner_type' and table_schema = 'public'"
    )
    assert {row["table_name"] for row in found} - {"idempotency_keys", "storage_usage"} == {
        table.name for table in owned_tables.TABLES if table.owner_id
    }


def test_every_table_of_orders_is_listed(records: Records) -> None:
    """By its foreign keys; but for the shop's own notes about stock, the printer's sheets and Stripe's balance."""
    found = records.say(
        "select distinct conrelid::regclass::text as name from pg_constraint where contype = 'f' "
        "and confrelid in ('orders'::regclass, 'order_items'::regclass, 'order_prints'::regclass, 'disputes'::regclass)"
    )
    assert {row["name"] for row in found} - {"stock_moves", "gang_sheet_prints", "dispute_transactions"} <= {
        table.name for table in owned_tables.TABLES
    }
    assert len(found) >= 9
