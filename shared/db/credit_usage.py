"""Credits of API keys, in quarters of one, by month in UTC.

One statement charges, so concurrent calls never overdraw.
"""

from datetime import date
from uuid import UUID

from shared.db.pool import Connection

_MONTH = "date_trunc('month', now() at time zone 'utc')::date"


def charge(connection: Connection, key_id: UUID, quarters: int, limit: int | None) -> date | None:
    """Use so many quarters of the month's `limit`; return the month, or None if fewer are left."""
    row = connection.execute(
        f"""insert into credits_used as used (key_id, month, quarters)
        select %(key)s, {_MONTH}, %(quarters)s
        where %(limit)s::bigint is null or %(quarters)s <= %(limit)s
        on conflict (key_id, month) do update set quarters = used.quarters + excluded.quarters
            where %(limit)s::bigint is null or used.quarters + excluded.quarters <= %(limit)s
        returning month""",
        {"key": key_id, "quarters": quarters, "limit": limit},
    ).fetchone()
    return row["month"] if row else None


def give_back(connection: Connection, key_id: UUID, month: date, quarters: int) -> None:
    """Take a charge back."""
    connection.execute(
        "update credits_used set quarters = quarters - %s where key_id = %s and month = %s", [quarters, key_id, month]
    )


def used(connection: Connection, key_id: UUID) -> int:
    """The quarters that a key has used this month."""
    row = connection.execute(
        f"select quarters from credits_used where key_id = %s and month = {_MONTH}", [key_id]
    ).fetchone()
    return int(row["quarters"]) if row else 0
