"""Checks of the books: which days are due, and what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from shared.db.pool import Connection
from shared.models.book_check import BookCheck, BookDifference
from shared.models.booking import BookingKind

DAYS = 7  # a day is checked in each of so many nights, so that what Stripe or the shop learns late is found
CLOSED = timedelta(hours=1)  # after midnight events of the day's last minutes have arrived
AGAIN = timedelta(minutes=15)  # a day with differences is checked again after that
LEASE = timedelta(minutes=10)  # a check that has not ended by then has died
_COLUMNS = "day, test, checked_at, differences"


def claim(connection: Connection, now: datetime, *, test: bool) -> list[date]:
    """The days to check now, the newest first, for this caller alone until they are recorded or the lease has run out.

    The last seven once a night, those with differences sooner, and those that somebody asked for.
    """
    today = (now - CLOSED).date()
    rows = connection.execute(
        """
        insert into book_checks (day, test, started_at)
        select wanted.day, %(test)s, %(now)s
        from (
            select unnest(%(days)s::date[]) as day
            union
            select day
            from book_checks
            where test = %(test)s and (checked_at is null or (day >= %(first)s and differences <> '[]'))
        ) wanted left join book_checks before on before.day = wanted.day and before.test = %(test)s
        where before.checked_at is null or before.checked_at < %(night)s
            or before.differences <> '[]' and before.checked_at < %(again)s
        on conflict (day, test) do update set started_at = excluded.started_at where book_checks.started_at < %(dead)s
        returning day
        """,
        {
            "test": test,
            "first": today - timedelta(days=DAYS),
            "days": [today - timedelta(days=back) for back in range(1, DAYS + 1)],
            "now": now,
            "night": datetime.combine(today, datetime.min.time(), now.tzinfo) + CLOSED,
            "again": now - AGAIN,
            "dead": now - LEASE,
        },
    ).fetchall()
    return sorted((row["day"] for row in rows), reverse=True)


def request(connection: Connection, day: date, *, test: bool) -> BookCheck:
    """Make a day due at once, whatever was found before."""
    row = connection.execute(
        f"""
        insert into book_checks (day, test, started_at)
        values (%s, %s, '-infinity')
        on conflict (day, test) do update set started_at = excluded.started_at, checked_at = null
        returning {_COLUMNS}
        """,
        [day, test],
    ).fetchone()
    assert row is not None
    return _check(row)


def record(
    connection: Connection, day: date, differences: Sequence[BookDifference], now: datetime, *, test: bool
) -> BookCheck:
    row = connection.execute(
        f"""
        insert into book_checks (day, test, started_at, checked_at, differences)
        values (%(day)s, %(test)s, %(now)s, %(now)s, %(differences)s)
        on conflict (day, test) do update set checked_at = excluded.checked_at, differences = excluded.differences
        returning {_COLUMNS}
        """,
        {"day": day, "test": test, "now": now, "differences": Jsonb(list(map(asdict, differences)))},
    ).fetchone()
    assert row is not None
    return _check(row)


def between(connection: Connection, first: date, last: date, *, test: bool) -> list[BookCheck]:
    rows = connection.execute(
        f"select {_COLUMNS} from book_checks where day between %s and %s and test = %s order by day",
        [first, last, test],
    ).fetchall()
    return list(map(_check, rows))


def _check(row: Mapping[str, Any]) -> BookCheck:
    found = [
        BookDifference(**{**one, "kind": BookingKind(one["kind"]), "stripe_ids": tuple(one["stripe_ids"])})
        for one in row["differences"]
    ]
    return BookCheck(row["day"], row["test"], row["checked_at"], tuple(found))
