"""Customers: create, find, change and erase them."""

from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation

from shared.db import email_tokens, ids
from shared.db.pool import Connection
from shared.models.customer import Customer, Role

NAMES = ("id", "email", "name", "role", "created_at", "password_hash")
_COLUMNS = ", ".join(NAMES)


class Taken(Exception):
    """Another customer has this address."""


def add(connection: Connection, email: str, name: str, password_hash: str | None) -> Customer:
    """Raises Taken, which costs the transaction."""
    try:
        row = connection.execute(
            f"""
            insert into customers (id, email, name, password_hash)
            values (%s, %s, %s, %s)
            returning {_COLUMNS}
            """,
            [ids.new(), email, name, password_hash],
        ).fetchone()
    except UniqueViolation:
        raise Taken from None
    assert row is not None
    return from_row(row)


def find(connection: Connection, customer_id: UUID, *, lock: bool = False) -> Customer | None:
    """None if there is none, or it was erased. `lock`: no other transaction changes it until this one ends.

    New rows may refer to a locked customer, so that an order is not held up by a sign-in.
    """
    row = connection.execute(
        f"""
        select {_COLUMNS}
        from customers
        where id = %s and deleted_at is null
        {"for no key update" if lock else ""}
        """,
        [customer_id],
    ).fetchone()
    return from_row(row) if row else None


def by_email(connection: Connection, email: str) -> Customer | None:
    row = connection.execute(
        f"""
        select {_COLUMNS}
        from customers
        where lower(email) = lower(%s)
        """,
        [email],
    ).fetchone()
    return from_row(row) if row else None


def set_name(connection: Connection, customer_id: UUID, name: str) -> None:
    connection.execute("update customers set name = %s where id = %s", [name, customer_id])


def set_password(connection: Connection, customer_id: UUID, password_hash: str) -> None:
    connection.execute("update customers set password_hash = %s where id = %s", [password_hash, customer_id])


def set_email(connection: Connection, customer_id: UUID, email: str) -> None:
    """Raises Taken, which costs the transaction."""
    try:
        connection.execute("update customers set email = %s where id = %s", [email, customer_id])
    except UniqueViolation:
        raise Taken from None


def set_role(connection: Connection, email: str, role: Role) -> bool:
    """False if there is no such customer."""
    changed = connection.execute("update customers set role = %s where lower(email) = lower(%s)", [role, email])
    return changed.rowcount > 0


def erase(connection: Connection, customer: Customer) -> None:
    """Empty what is personal, and end what hangs on it. Pictures and the like are of `ownership`."""
    email_tokens.drop(connection, customer)
    for table in ("sessions", "addresses"):
        connection.execute(f"delete from {table} where customer_id = %s", [customer.id])
    connection.execute(
        """
        update customers
        set email = null, password_hash = null, name = '', role = 'customer', deleted_at = now()
        where id = %s
        """,
        [customer.id],
    )


def from_row(row: dict[str, Any]) -> Customer:
    """The customer in a row that has NAMES, among others."""
    return Customer(**{name: row[name] for name in NAMES} | {"role": Role(row["role"])})
