"""The history of an order: written in the transaction of what happened, never changed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.db import ids
from shared.db.pool import Connection
from shared.models.order import OrderEvent


def add(
    connection: Connection, order_id: UUID, what: str, actor: str, facts: Mapping[str, Any] | None = None
) -> OrderEvent:
    """`what` is one word of the public history, such as `placed`; `facts` are for the shop only."""
    row = connection.execute(
        """insert into order_events (id, order_id, what, facts, actor)
        values (%s, %s, %s, %s, %s)
        returning id, what, facts, actor, at""",
        [ids.new(), order_id, what, Jsonb(dict(facts or {})), actor],
    ).fetchone()
    assert row is not None
    return OrderEvent(**row)


def of_order(connection: Connection, order_id: UUID) -> list[OrderEvent]:
    """Oldest first."""
    rows = connection.execute(
        "select id, what, facts, actor, at from order_events where order_id = %s order by id", [order_id]
    ).fetchall()
    return [OrderEvent(**row) for row in rows]
