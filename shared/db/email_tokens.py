"""Tokens that were mailed, of which only the SHA-256 is stored. A token is spent once, and then its row is gone."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from shared.db.pool import Connection
from shared.models.customer import Customer, EmailToken, Purpose

_NAMES = ("purpose", "email", "customer_id", "name", "password_hash")
_COLUMNS = ", ".join(_NAMES)
_VALID = "hash = %s and purpose = any(%s) and expires_at > now()"


def add(connection: Connection, digest: str, token: EmailToken) -> None:
    connection.execute(
        f"""
        insert into email_tokens (hash, expires_at, {_COLUMNS})
        values (
            %(hash)s, now() + %(lasts_s)s * interval '1 second', {", ".join(f"%({name})s" for name in _NAMES)}
        )
        """,
        {**asdict(token), "hash": digest, "lasts_s": token.purpose.lasts_s},
    )


def find(connection: Connection, digest: str, purposes: Collection[Purpose]) -> EmailToken | None:
    row = connection.execute(f"select {_COLUMNS} from email_tokens where {_VALID}", [digest, list(purposes)]).fetchone()
    return _token(row) if row else None


def spend(connection: Connection, digest: str, purposes: Collection[Purpose]) -> EmailToken | None:
    """Of any number of callers one gets the token, and the others None.

    Locks all tokens of the address and of the customer in one order: each of two callers goes on to `drop` the other's.
    """
    connection.execute(
        """
        select 1 from email_tokens as mailed
        join email_tokens as one on lower(one.email) = lower(mailed.email) or one.customer_id = mailed.customer_id
        where mailed.hash = %s order by one.hash for update of one
        """,
        [digest],
    )
    row = connection.execute(
        f"delete from email_tokens where {_VALID} returning {_COLUMNS}", [digest, list(purposes)]
    ).fetchone()
    return _token(row) if row else None


def drop(connection: Connection, customer: Customer) -> None:
    """Drop what was mailed to a customer, also before it was one: registrations and links to sign in."""
    connection.execute(
        "delete from email_tokens where customer_id = %s or lower(email) = lower(%s)", [customer.id, customer.email]
    )


def prune(connection: Connection) -> int:
    """Delete those that have expired; returns how many."""
    return connection.execute("delete from email_tokens where expires_at < now()").rowcount


def _token(row: dict[str, Any]) -> EmailToken:
    return EmailToken(**{**row, "purpose": Purpose(row["purpose"])})
