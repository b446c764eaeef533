"""Parcels of orders."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import fields
from uuid import UUID

from shared.db import ids
from shared.db.pool import Connection
from shared.models.order import Shipment

_COLUMNS = ", ".join(field.name for field in fields(Shipment))


def add(connection: Connection, order_id: UUID, carrier: str, tracking: str) -> Shipment:
    """Record a parcel that leaves now."""
    row = connection.execute(
        f"""insert into shipments (id, order_id, carrier, tracking)
        values (%s, %s, %s, %s)
        returning {_COLUMNS}""",
        [ids.new(), order_id, carrier, tracking],
    ).fetchone()
    assert row is not None
    return Shipment(**row)


def deliver(connection: Connection, shipment_id: UUID) -> None:
    """Record that a parcel has arrived."""
    connection.execute("update shipments set delivered_at = greatest(now(), shipped_at) where id = %s", [shipment_id])


def of_order(connection: Connection, order_id: UUID) -> tuple[Shipment, ...]:
    """Oldest first."""
    return of_orders(connection, [order_id]).get(order_id, ())


def of_orders(connection: Connection, order_ids: Collection[UUID]) -> Mapping[UUID, tuple[Shipment, ...]]:
    """Those of several orders, by order, oldest first."""
    rows = connection.execute(
        f"""select {_COLUMNS}
        from shipments
        where order_id = any(%s)
        order by order_id, shipped_at, id""",
        [list(order_ids)],
    ).fetchall()
    found: dict[UUID, list[Shipment]] = defaultdict(list)
    for row in rows:
        found[row["order_id"]].append(Shipment(**row))
    return {order_id: tuple(parcels) for order_id, parcels in found.items()}
