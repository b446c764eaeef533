"""Checks of the books: each day is due in seven nights, for one caller at a time, and sooner if something differs."""

import threading
from datetime import UTC, date, datetime, timedelta

from shared.db import book_checks
from shared.db.pool import Database
from shared.models.book_check import BookDifference
from shared.models.booking import BookingKind
from tests.shared.db.rows import run

NIGHT = datetime(2026, 11, 20, 1, 0, 1, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WEEK = [date(2026, 11, 19 - back) for back in range(7)]
DIFFERENCE = BookDifference("usd", BookingKind.REFUND, -700, 0, 700, ("re_1",))


def _claim(database: Database, now: datetime, *, test: bool = False) -> list[date]:
    return run(database, book_checks.claim, now, test=test)


def _record(database: Database, days: list[date], now: datetime, *differences: BookDifference) -> None:
    for day in days:
        run(database, book_checks.record, day, differences, now, test=False)


def test_the_seven_days_before_are_due_once_a_night(database: Database) -> None:
    assert _claim(database, NIGHT) == WEEK
    _record(database, WEEK, NIGHT)
    for later in (MINUTE, 12 * 60 * MINUTE, DAY - 2 * MINUTE):
        assert _claim(database, NIGHT + later) == []
    assert _claim(database, NIGHT + DAY) == [date(2026, 11, 20), *WEEK[:6]]


def test_a_day_waits_an_hour_for_its_last_events(database: Database) -> None:
    _record(database, _claim(database, NIGHT - 2 * MINUTE), NIGHT - 2 * MINUTE)
    assert date(2026, 11, 19) not in _days(database)
    assert date(2026, 11, 19) in _claim(database, NIGHT)


def test_a_day_is_given_to_one_caller_until_the_lease_ends(database: Database) -> None:
    assert _claim(database, NIGHT) == WEEK
    assert _claim(database, NIGHT + book_checks.LEASE - MINUTE) == []
    assert _claim(database, NIGHT + book_checks.LEASE + MINUTE) == WEEK


def test_of_many_instances_at_once_one_checks(database: Database) -> None:
    claimed: list[date] = []
    together = threading.Barrier(8)

    def instance() -> None:
        together.wait()
        claimed.extend(_claim(database, NIGHT))

    for turn in range(2):  # without rows, and with rows whose lease has ended
        claimed.clear()
        run(database, lambda connection: connection.execute("update book_checks set started_at = '-infinity'"))
        threads = [threading.Thread(target=instance) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(claimed, reverse=True) == WEEK, turn


def test_a_day_with_differences_is_due_every_quarter_of_an_hour(database: Database) -> None:
    _record(database, _claim(database, NIGHT), NIGHT)
    _record(database, WEEK[2:3], NIGHT, DIFFERENCE)
    assert _claim(database, NIGHT + 14 * MINUTE) == []
    assert _claim(database, NIGHT + 16 * MINUTE) == WEEK[2:3]
    _record(database, WEEK[2:3], NIGHT + 16 * MINUTE)
    assert _claim(database, NIGHT + 40 * MINUTE) == []


def test_a_day_that_somebody_asks_for_is_due_at_once_however_old(database: Database) -> None:
    _record(database, _claim(database, NIGHT), NIGHT)
    for day in (date(2026, 2, 3), WEEK[0]):
        assert run(database, book_checks.request, day, test=False).checked_at is None
    assert _claim(database, NIGHT + MINUTE) == [WEEK[0], date(2026, 2, 3)]


def test_an_old_day_with_differences_rests(database: Database) -> None:
    _record(database, [date(2026, 11, 2)], NIGHT - 9 * DAY, DIFFERENCE)
    assert _claim(database, NIGHT) == WEEK


def test_test_money_is_checked_apart(database: Database) -> None:
    _record(database, _claim(database, NIGHT), NIGHT)
    run(database, book_checks.request, date(2026, 2, 3), test=False)
    assert _claim(database, NIGHT + MINUTE, test=True) == WEEK


def test_what_was_found_is_read_back(database: Database) -> None:
    _record(database, WEEK[:1], NIGHT, DIFFERENCE)
    (found,) = run(database, book_checks.between, WEEK[0], WEEK[0], test=False)
    assert (found.day, found.test, found.checked_at, found.differences) == (WEEK[0], False, NIGHT, (DIFFERENCE,))
    assert run(database, book_checks.between, WEEK[0], WEEK[0], test=True) == []


def _days(database: Database) -> list[date]:
    return [one.day for one in run(database, book_checks.between, date(2026, 1, 1), date(2026, 12, 31), test=False)]
