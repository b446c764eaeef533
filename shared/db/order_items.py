"""Lines of orders, and what is printed on their pieces."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from uuid import UUID

from shared.db.pool import Connection
from shared.models.order import OrderItem, OrderPrint

_ITEM_NAMES = tuple(field.name for field in fields(OrderItem) if field.name not in ("prints", "refunded"))
_PRINT_NAMES = tuple(field.name for field in fields(OrderPrint))
_INSERT_ITEM = f"""insert into order_items (order_id, {", ".join(_ITEM_NAMES)})
    values (%(order_id)s, {", ".join(f"%({name})s" for name in _ITEM_NAMES)})"""
_INSERT_PRINT = f"""insert into order_prints (order_item_id, {", ".join(_PRINT_NAMES)})
    values (%(order_item_id)s, {", ".join(f"%({name})s" for name in _PRINT_NAMES)})"""

# The pieces of a row of order_items that are paid back; a refund of an amount is of no pieces.
REFUNDED = """(
        select coalesce(sum((part ->> 'quantity')::int), 0)::int
        from refunds, jsonb_array_elements(refunds.lines) part
        where refunds.order_id = order_items.order_id
        and refunds.status not in ('failed', 'cancelled')
        and (part ->> 'line')::int = order_items.line
    )"""


def add(connection: Connection, order_id: UUID, items: Sequence[OrderItem]) -> None:
    """Store the lines of a new order with their prints, whose pictures are the shop's copies."""
    prints = [(item.id, one) for item in items for one in item.prints]
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT_ITEM, [{"order_id": order_id, **_values(item, _ITEM_NAMES)} for item in items])
        if prints:
            cursor.executemany(
                _INSERT_PRINT, [{"order_item_id": item_id, **_values(one, _PRINT_NAMES)} for item_id, one in prints]
            )


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


def _values(row: object, names: Sequence[str]) -> dict[str, object]:
    return {name: getattr(row, name) for name in names}
