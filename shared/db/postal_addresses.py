"""Postal addresses of customers."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.db import ids
from shared.db.pool import Connection
from shared.models.address import Address

_COLUMNS = "id, customer_id, address, created_at"


def add(connection: Connection, customer_id: UUID, fields: Mapping[str, str]) -> Address:
    row = connection.execute(
        f"insert into addresses (id, customer_id, address) values (%s, %s, %s) returning {_COLUMNS}",
        [ids.new(), customer_id, Jsonb(dict(fields))],
    ).fetchone()
    assert row is not None
    return _address(row)


def find(connection: Connection, customer_id: UUID, address_id: UUID) -> Address | None:
    row = connection.execute(
        f"select {_COLUMNS} from addresses where id = %s and customer_id = %s", [address_id, customer_id]
    ).fetchone()
    return _address(row) if row else None


def of_customer(connection: Connection, customer_id: UUID) -> list[Address]:
    """Newest first."""
    rows = connection.execute(
        f"select {_COLUMNS} from addresses where customer_id = %s order by created_at desc, id desc", [customer_id]
    ).fetchall()
    return [_address(row) for row in rows]


def remove(connection: Connection, customer_id: UUID, address_id: UUID) -> bool:
    """False if the customer has no such address."""
    removed = connection.execute("delete from addresses where id = %s and customer_id = %s", [address_id, customer_id])
    return removed.rowcount > 0


def _address(row: dict[str, Any]) -> Address:
    return Address(row["id"], row["customer_id"], row["address"], row["created_at"])
