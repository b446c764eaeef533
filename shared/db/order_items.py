"""Lines of orders, and what is printed on their pieces."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from functools import partial
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.db.pool import Connection
from shared.models.order import OrderItem, OrderPrint

_ITEM_NAMES = tuple(field.name for field in fields(OrderItem) if field.name not in ("prints", "refunded"))
_PRINT_NAMES = tuple(field.name for field in fields(OrderPrint))
_dumps = partial(json.dumps, default=str)  # ids are not JSON
_STORED_ITEM, _STORED_PRINT = ", ".join(("order_id", *_ITEM_NAMES)), ", ".join(("order_item_id", *_PRINT_NAMES))
# Parts of a statement whose `made` is the new order, if it was made.
ADDED = f"""items as (
        insert into order_items ({_STORED_ITEM})
        select {_STORED_ITEM}
        from jsonb_populate_recordset(null::order_items, %(items)s)
        where exists (select from made)
    ), prints as (
        insert into order_prints ({_STORED_PRINT})
        select {_STORED_PRINT}
        from jsonb_populate_recordset(null::order_prints, %(prints)s)
        where exists (select from made)
    )"""

# The pieces of a row of order_items that are paid back; a refund of an amount is of no pieces.
REFUNDED = """(
        select coalesce(sum((part ->> 'quantity')::int), 0)::int
        from refunds, jsonb_array_elements(refunds.lines) part
        where refunds.order_id = order_items.order_id
        and refunds.status not in ('failed', 'cancelled')
        and (part ->> 'line')::int = order_items.line
    )"""


def parameters(order_id: UUID, items: Sequence[OrderItem]) -> Mapping[str, object]:
    """Those of ADDED: the lines of a new order with their prints, whose pictures are the shop's copies."""
    lines = [{"order_id": order_id, **{name: getattr(item, name) for name in _ITEM_NAMES}} for item in items]
    prints = [
        {"order_item_id": item.id, **{name: getattr(one, name) for name in _PRINT_NAMES}}
        for item in items
        for one in item.prints
    ]
    return {"items": Jsonb(lines, _dumps), "prints": Jsonb(prints, _dumps)}


def of_order(connection: Connection, order_id: UUID) -> tuple[OrderItem, ...]:
    """In the order of the lines."""
    return of_orders(connection, [order_id]).get(order_id, ())


def of_orders(connection: Connection, order_ids: Collection[UUID]) -> Mapping[UUID, tuple[OrderItem, ...]]:
    """The lines of several orders, by order."""
    rows = connection.execute(
        f"""select order_id, {", ".join(_ITEM_NAMES)}, {REFUNDED} as refunded
        from order_items
        where order_id = any(%s)
        order by order_id, line""",
        [list(order_ids)],
    ).fetchall()
    prints = _prints(connection, [row["id"] for row in rows])
    found: dict[UUID, list[OrderItem]] = defaultdict(list)
    for row in rows:
        found[row.pop("order_id")].append(OrderItem(**row, prints=tuple(prints[row["id"]])))
    return {order_id: tuple(items) for order_id, items in found.items()}


def _prints(connection: Connection, item_ids: Sequence[UUID]) -> Mapping[UUID, list[OrderPrint]]:
    rows = connection.execute(
        f"""select order_item_id, {", ".join(_PRINT_NAMES)}
        from order_prints
        where order_item_id = any(%s)
        order by order_item_id, position""",
        [list(item_ids)],
    ).fetchall()
    found: dict[UUID, list[OrderPrint]] = defaultdict(list)
    for row in rows:
        found[row.pop("order_item_id")].append(OrderPrint(**row))
    return found
