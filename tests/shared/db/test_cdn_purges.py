"""What a CDN must forget: each deleted asset until it is recorded, for a week."""

from typing import Any

from shared.db import assets, cdn_purges, object_deletions
from shared.db.pool import Database
from shared.models.asset import Asset
from shared.models.owner import OwnerType
from tests.shared.db.rows import asset, run


def _deleted(database: Database, content: str, ago_s: int = 0) -> Asset:
    one = run(database, assets.add, asset(content))[0]
    run(database, assets.delete, one.owner, one.id)
    _execute(database, "update assets set deleted_at = now() - %s * interval '1 second' where id = %s", ago_s, one.id)
    return one


def _execute(database: Database, statement: str, *values: object) -> None:
    with database.transaction() as connection:
        connection.execute(statement.encode(), values)


def _due(database: Database, limit: int = 10) -> dict[Any, str]:
    return run(database, cdn_purges.due, limit)


def test_a_deleted_picture_is_due_until_it_is_recorded(database: Database) -> None:
    run(database, assets.add, asset("kept"))
    assert _due(database) == {}
    gone = _deleted(database, "gone")
    assert _due(database) == {gone.id: gone.key}
    run(database, cdn_purges.record, {gone.id: gone.key})
    assert _due(database) == {}


def test_what_expires_is_due_as_well(database: Database) -> None:
    one = run(database, assets.add, asset())[0]
    _execute(database, "update assets set used_at = now() - interval '200 seconds'")
    assert run(database, object_deletions.expire, OwnerType.GUEST, 100, 10) == 1
    assert _due(database) == {one.id: one.key}


def test_the_latest_deletions_come_first_and_no_more_than_asked(database: Database) -> None:
    older, newer = _deleted(database, "older", 60), _deleted(database, "newer")
    assert _due(database, 1) == {newer.id: newer.key}
    assert list(_due(database)) == [newer.id, older.id]


def test_after_a_week_no_cache_can_hold_it_and_it_is_given_up(database: Database) -> None:
    _deleted(database, "old", 7 * 86_400 + 1)
    young = _deleted(database, "young", 7 * 86_400 - 60)
    assert list(_due(database)) == [young.id]


def test_bytes_that_were_sent_and_deleted_again_are_due_again(database: Database) -> None:
    first = _deleted(database, "photo")
    run(database, cdn_purges.record, {first.id: first.key})
    second = _deleted(database, "photo")
    assert _due(database) == {second.id: first.key}
