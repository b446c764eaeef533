"""Sessions of customers, of whose tokens only the SHA-256 is stored. A session ends 30 days after its last use."""

from typing import Any
from uuid import UUID

from shared.db import customers, ids
from shared.db.pool import Connection, Executor
from shared.models.customer import Customer, Session

_NAMES = ("id", "customer_id", "agent", "created_at", "seen_at", "expires_at")
_COLUMNS = ", ".join(_NAMES)
_LASTS = "interval '30 days'"
_SEEN_EVERY = "interval '1 hour'"  # so that a page of pictures writes once


def open_new(connection: Connection, customer_id: UUID, digest: str, agent: str) -> Session:
    """Open a session for the token with this hash."""
    row = connection.execute(
        f"""
        insert into sessions (id, hash, customer_id, agent, expires_at)
        values (%s, %s, %s, %s, now() + {_LASTS})
        returning {_COLUMNS}
        """,
        [ids.new(), digest, customer_id, agent],
    ).fetchone()
    assert row is not None
    return _session(row)


def find(connection: Executor, digest: str) -> tuple[Session, Customer] | None:
    """The open session of a token, and who is signed in by it; counts as its use."""
    row = connection.execute(
        f"""
        select {", ".join(f"sessions.{name} as session_{name}" for name in _NAMES)},
            {", ".join(f"customers.{name}" for name in customers.NAMES)},
            sessions.seen_at < now() - {_SEEN_EVERY} as stale
        from sessions join customers on customers.id = sessions.customer_id
        where sessions.hash = %s
            and sessions.expires_at > now()
            and customers.deleted_at is null
        """,
        [digest],
    ).fetchone()
    if row is None:
        return None
    if row["stale"]:
        connection.execute(
            f"update sessions set seen_at = now(), expires_at = now() + {_LASTS} where hash = %s", [digest]
        )
    return _session({name: row[f"session_{name}"] for name in _NAMES}), customers.from_row(row)


def of_customer(connection: Connection, customer_id: UUID) -> list[Session]:
    """The open sessions, newest first, at most 100."""
    rows = connection.execute(
        f"""
        select {_COLUMNS}
        from sessions
        where customer_id = %s and expires_at > now()
        order by created_at desc
        limit 100
        """,
        [customer_id],
    ).fetchall()
    return [_session(row) for row in rows]


def end(connection: Connection, customer_id: UUID, session_id: UUID) -> bool:
    """False if the customer has no such session."""
    ended = connection.execute("delete from sessions where id = %s and customer_id = %s", [session_id, customer_id])
    return ended.rowcount > 0


def end_all(connection: Connection, customer_id: UUID) -> None:
    connection.execute("delete from sessions where customer_id = %s", [customer_id])


def prune(connection: Connection) -> int:
    """Delete those that have expired; returns how many."""
    return connection.execute("delete from sessions where expires_at < now()").rowcount


def _session(row: dict[str, Any]) -> Session:
    return Session(**row)
