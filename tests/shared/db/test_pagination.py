"""Pages have no gaps or repeats, even if rows are added meanwhile; any cursor is handled."""

import base64
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from shared import errors
from shared.db import assets, jobs
from shared.db.pagination import Cursor
from shared.db.pool import Database
from shared.models.job import JobState
from tests.shared.db.rows import asset, claimed, owner, queued, run

AT = datetime(2025, 3, 4, 5, 6, 7, 890123, UTC)
ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def marker(plain: str | bytes) -> str:
    data = plain if isinstance(plain, bytes) else plain.encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_a_cursor_survives_the_round_trip() -> None:
    cursor = Cursor(AT, ID)
    assert Cursor.parse(str(cursor)) == cursor
    assert str(cursor).replace("-", "").replace("_", "").isalnum()  # needs no escaping in a URL


@pytest.mark.parametrize(
    "forged",
    [
        *("", "x", "!!!!", "é", "漢字", "a" * 5000, "\0", "null", "%00"),
        marker("no date at all"),
        marker(b"\xff\xfe\xfd"),
        marker(f"{AT.isoformat()}"),
        marker(f"{AT.isoformat()} "),
        marker(f"{AT.isoformat()} not-an-id"),
        marker(f"{AT.replace(tzinfo=None).isoformat()} {ID}"),
        marker(f"2025-13-45T00:00:00+00:00 {ID}"),
        marker(f"{AT.isoformat()} {ID}; drop table jobs"),
    ],
)
def test_an_invalid_cursor_is_refused(forged: str) -> None:
    with pytest.raises(errors.InvalidCursor):
        Cursor.parse(forged)


@pytest.mark.parametrize(
    "at",
    [
        "0001-01-01T00:00:00+00:00",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59.999999+00:00",
        "9999-12-31T23:59:59-23:59",
        "2025-03-04T05:06:07+23:59",
        "2025-03-04T05:06:07-23:59:59.999999",
        "20250304T050607Z",
    ],
)
def test_a_cursor_with_an_odd_time_never_causes_a_server_error(database: Database, at: str) -> None:
    try:
        cursor = Cursor.parse(marker(f"{at} {ID}"))
    except errors.InvalidCursor:
        return
    assert run(database, jobs.page, owner(), 10, cursor, None).items == []
    assert run(database, assets.page, owner(), 10, cursor).items == []


def test_a_cursor_in_another_time_zone_means_the_same_moment() -> None:
    there = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert Cursor.parse(marker(f"{there.isoformat()} {ID}")) == Cursor(AT, ID)


def everything(database: Database, limit: int) -> list[UUID]:
    """The ids of all jobs of ann, page by page."""
    found, after = [], None
    while True:
        page = run(database, jobs.page, owner(), limit, after, None)
        assert len(page.items) <= limit
        found += [job.id for job in page.items]
        if page.next_cursor is None:
            return found
        after = Cursor.parse(page.next_cursor)


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 100])
def test_pages_show_everything_once_newest_first(database: Database, limit: int) -> None:
    made = [queued(database).id for _ in range(6)]
    queued(database, "bob")
    assert everything(database, limit) == made[::-1]


def test_rows_of_the_same_moment_are_ordered_by_id(database: Database) -> None:
    made = [queued(database).id for _ in range(5)]
    with database.transaction() as connection:
        connection.execute("update jobs set created_at = %s", [AT])
    assert everything(database, 2) == sorted(made, reverse=True)


def test_assets_of_the_same_moment_are_ordered_by_id(database: Database) -> None:
    made = [run(database, assets.add, asset(str(number), created_at=AT))[0].id for number in range(5)]
    found, after = [], None
    for _ in range(3):
        page = run(database, assets.page, owner(), 2, after)
        found += [each.id for each in page.items]
        after = page.next
    assert found == sorted(made, reverse=True)


def test_an_exactly_full_last_page_has_no_next(database: Database) -> None:
    for _ in range(4):
        queued(database)
    first = run(database, jobs.page, owner(), 2, None, None)
    assert first.next is not None
    assert run(database, jobs.page, owner(), 2, first.next, None).next is None
    assert run(database, jobs.page, owner("nobody"), 2, None, None).next_cursor is None


def test_rows_added_meanwhile_do_not_shift_the_pages(database: Database) -> None:
    made = [queued(database).id for _ in range(4)]
    first = run(database, jobs.page, owner(), 2, None, None)
    queued(database)
    second = run(database, jobs.page, owner(), 2, first.next, None)
    assert [job.id for job in (*first.items, *second.items)] == made[::-1]


def test_rows_removed_meanwhile_do_not_shift_the_pages(database: Database) -> None:
    made = [run(database, assets.add, asset(str(number)))[0].id for number in range(4)]
    first = run(database, assets.page, owner(), 2, None)
    for gone in first.items:
        run(database, assets.delete, owner(), gone.id)
    second = run(database, assets.page, owner(), 2, first.next)
    assert [each.id for each in second.items] == [made[1], made[0]]


def test_a_cursor_shows_only_the_callers_own_rows(database: Database) -> None:
    for _ in range(3):
        queued(database, "bob")
    theirs = run(database, jobs.page, owner("bob"), 1, None, None)
    mine = queued(database, "ann")
    assert run(database, jobs.page, owner("ann"), 10, theirs.next, None).items == []
    assert [job.id for job in run(database, jobs.page, owner("ann"), 10, None, None).items] == [mine.id]


def test_pages_can_be_filtered_by_status(database: Database) -> None:
    for _ in range(4):
        queued(database)
    running = {claimed(database).id for _ in range(2)}
    page = run(database, jobs.page, owner(), 1, None, JobState.RUNNING)
    rest = run(database, jobs.page, owner(), 10, page.next, JobState.RUNNING)
    assert {job.id for job in (*page.items, *rest.items)} == running
    assert run(database, jobs.page, owner(), 10, None, JobState.DONE).items == []
