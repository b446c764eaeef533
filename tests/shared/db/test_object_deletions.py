"""Unneeded objects are removed, but never while the same bytes are being uploaded again."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared import errors
from shared.db import assets, ids, object_deletions
from shared.db.pool import Database
from shared.models.asset import Asset, AssetKind
from shared.models.owner import OwnerType
from tests.shared.db.rows import asset, owner, run

KEEP_S = 100


def added(database: Database, content: str = "photo", **changes: Any) -> Asset:
    return run(database, assets.add, asset(content, **changes))[0]


def deleted(database: Database, content: str = "photo", ago_s: float = KEEP_S + 1, **changes: Any) -> Asset:
    """An asset that was deleted a while ago."""
    one = added(database, content, **changes)
    run(database, assets.delete, one.owner, one.id)
    say(database, "update assets set deleted_at = now() - %s * interval '1 second' where id = %s", ago_s, one.id)
    return one


def say(database: Database, statement: str, *values: object) -> int:
    with database.transaction() as connection:
        return connection.execute(statement.encode(), values).rowcount


def stem(one: Asset) -> str:
    return one.key[:64]


def due(database: Database, limit: int = 10) -> list[str]:
    return run(database, object_deletions.due, KEEP_S, limit)


def note(database: Database, one: Asset) -> bool:
    return run(database, object_deletions.announce, stem(one), KEEP_S)


def test_an_object_is_due_when_all_its_rows_were_deleted_long_enough_ago(database: Database) -> None:
    added(database, "kept")
    lately, long_ago = deleted(database, "lately", KEEP_S - 10), deleted(database)
    assert due(database) == [stem(long_ago)]
    assert note(database, long_ago)
    assert not note(database, lately)


def test_an_object_with_another_row_stays(database: Database) -> None:
    gone = deleted(database, "cut", kind=AssetKind.CUTOUT, job_id=ids.new())
    kept = added(database, "cut", kind=AssetKind.CUTOUT, job_id=ids.new())
    assert gone.key == kept.key
    assert due(database) == []
    assert not note(database, gone)
    say(database, "update assets set deleted_at = now() where id = %s", kept.id)
    assert not note(database, gone)  # the other deletion is too recent


def test_the_number_of_due_objects_is_limited(database: Database) -> None:
    for number in range(3):
        deleted(database, str(number))
    assert len(due(database, 2)) == 2


def test_an_object_without_a_row_is_unknown_and_may_be_removed(database: Database) -> None:
    known, hidden, nobodys = added(database), deleted(database, "hidden"), asset("nobody's")
    stems = {stem(each) for each in (known, hidden, nobodys)}
    assert run(database, object_deletions.unknown, stems) == {stem(nobodys)}
    assert note(database, nobodys)


def test_only_deleted_rows_are_forgotten(database: Database) -> None:
    older = deleted(database)
    newer = added(database)
    assert newer.id != older.id
    run(database, object_deletions.drop_rows, stem(older))
    assert say(database, "select id from assets") == 1
    assert run(database, assets.find, owner(), newer.id) == newer


def test_an_object_stored_during_a_removal_must_be_stored_again(database: Database) -> None:
    old = deleted(database)
    before = asset()  # stored, but its row comes too late
    assert note(database, old)
    for late in (before, asset()):
        with pytest.raises(errors.Unavailable) as caught:
            run(database, assets.add, late)
        assert 1 <= (caught.value.retry_after_s or 0) <= object_deletions.GOING_S
    assert say(database, "select id from assets where deleted_at is null") == 0
    after = asset(created_at=datetime.now(UTC) + timedelta(seconds=object_deletions.GOING_S + 5))
    assert run(database, assets.add, after)[1]
    assert not note(database, old)


def test_a_removal_does_not_affect_other_objects(database: Database) -> None:
    assert note(database, deleted(database))
    assert run(database, assets.add, asset("another"))[1]


def test_a_row_and_a_concurrent_removal_never_both_succeed(database: Database) -> None:
    """In each round the last step of an upload races with a removal."""
    for number in range(20):
        old, new = deleted(database, str(number)), asset(str(number))
        begin = threading.Barrier(2)

        def keep(new: Asset = new, begin: threading.Barrier = begin) -> bool:
            begin.wait()
            try:
                return run(database, assets.add, new)[1]
            except errors.Unavailable:
                return False

        def remove(old: Asset = old, begin: threading.Barrier = begin) -> bool:
            begin.wait()
            return note(database, old)

        with ThreadPoolExecutor(2) as pool:
            kept, removed = pool.submit(keep), pool.submit(remove)
            assert kept.result() != removed.result()


def test_records_of_removals_are_deleted_after_a_day(database: Database) -> None:
    one, other = deleted(database), deleted(database, "other")
    assert note(database, one)
    assert note(database, other)
    say(database, "update removals set at = at - interval '25 hours' where stem = %s", stem(one))
    run(database, object_deletions.drop_announcements)
    assert say(database, "select from removals") == 1


def test_only_old_files_of_the_given_owners_expire(database: Database) -> None:
    guests, keys = added(database), added(database, owner=type(owner())(OwnerType.KEY, "k"))
    fresh = added(database, "fresh")
    say(database, "update assets set used_at = now() - interval '200 seconds' where id <> %s", fresh.id)
    assert run(database, object_deletions.expire, OwnerType.GUEST, KEEP_S, 10) == 1
    assert run(database, assets.find, None, guests.id) is None
    assert run(database, assets.find, None, keys.id)
    assert run(database, assets.find, None, fresh.id)
    assert run(database, object_deletions.expire, OwnerType.KEY, KEEP_S, 10) == 1
    assert run(database, assets.find, None, keys.id) is None


def test_uploading_a_file_again_restarts_its_lifetime(database: Database) -> None:
    added(database)
    say(database, "update assets set used_at = now() - interval '200 seconds'")
    added(database)
    assert run(database, object_deletions.expire, OwnerType.GUEST, KEEP_S, 10) == 0


def test_a_file_of_an_unfinished_job_does_not_expire(database: Database) -> None:
    one = added(database)
    say(database, "update assets set used_at = now() - interval '200 seconds'")
    say(
        database,
        "insert into jobs (id, owner_type, user_id, type, asset_id) values (%s, 'guest', 'x', 'cutout', %s)",
        *(ids.new(), one.id),
    )
    assert run(database, object_deletions.expire, OwnerType.GUEST, KEEP_S, 10) == 0
    say(database, "update jobs set status = 'cancelled', finished_at = now()")
    assert run(database, object_deletions.expire, OwnerType.GUEST, KEEP_S, 10) == 1


def test_the_number_of_expiring_files_is_limited(database: Database) -> None:
    for number in range(3):
        added(database, str(number))
    say(database, "update assets set used_at = now() - interval '200 seconds'")
    assert [run(database, object_deletions.expire, OwnerType.GUEST, KEEP_S, 2) for _ in range(3)] == [2, 1, 0]
