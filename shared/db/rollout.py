"""The share of jobs for the self-hosted provider: the newest row applies, the older ones are its history."""

from dataclasses import dataclass
from datetime import datetime

from shared.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Setting:
    percent: int
    set_by: str
    set_at: datetime


def current(connection: Connection) -> int | None:
    """The current percentage; None if it was never set."""
    row = connection.execute("select percent from rollout order by id desc limit 1").fetchone()
    return int(row["percent"]) if row else None


def put(connection: Connection, percent: int, set_by: str) -> Setting:
    row = connection.execute(
        """
        insert into rollout (percent, set_by)
        values (%s, %s)
        returning percent, set_by, set_at
        """,
        [percent, set_by],
    ).fetchone()
    assert row is not None
    return Setting(**row)


def history(connection: Connection, limit: int = 50) -> list[Setting]:
    """Newest first."""
    rows = connection.execute(
        """
        select percent, set_by, set_at
        from rollout
        order by id desc
        limit %s
        """,
        [limit],
    ).fetchall()
    return [Setting(**row) for row in rows]
