"""Stock of orders: taken when one is placed, given back when it is cancelled or its goods return.

Each function changes all variants of an order by one statement that locks them by id, so that two orders with lines in
opposite orders never wait for each other.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from shared.db import ids
from shared.db.pool import Connection
from shared.models.order import OrderItem
from shared.models.stock_move import StockReason

Pieces = Mapping[UUID, int]  # by variant

_CHANGE = """with wanted as materialized (
        select variants.id, sku, stock, quantity
        from variants join unnest(%s::uuid[], %s::int[]) asked (id, quantity) using (id)
        order by variants.id
        for update of variants
    ), changed as (
        update variants
        set stock = variants.stock + quantity
        from wanted
        where variants.id = wanted.id
        and variants.stock + quantity >= 0
        returning variants.id
    )
    select sku, stock
    from wanted
    where id not in (select id from changed)
    order by sku"""


def take(connection: Connection, pieces: Pieces) -> Mapping[str, int]:
    """Take the pieces of a new order. If any are missing, the caller rolls back: returns {SKU: how many there are}."""
    return _change(connection, {variant_id: -quantity for variant_id, quantity in pieces.items()})


def record(connection: Connection, items: Sequence[OrderItem], number: str, actor: str) -> None:
    """Record what `take` took for these lines, once they are stored."""
    quantities = {item.id: -item.quantity for item in items}
    _record(connection, items, quantities, StockReason.SOLD, number, actor)


def release(connection: Connection, items: Sequence[OrderItem], number: str, actor: str) -> None:
    """Give back all pieces of an order that is cancelled; the second time breaks an index."""
    quantities = {item.id: item.quantity for item in items}
    _change(connection, of_items(items))
    _record(connection, items, quantities, StockReason.RELEASED, number, actor)


def give_back(
    connection: Connection, items: Sequence[OrderItem], quantities: Mapping[UUID, int], number: str, actor: str
) -> None:
    """Give back some pieces, by the id of their line, that came back or were never printed."""
    returned = [item for item in items if quantities.get(item.id)]
    pieces = Counter[UUID]()
    for item in returned:
        pieces[item.variant_id] += quantities[item.id]
    _change(connection, pieces)
    _record(connection, returned, quantities, StockReason.RETURNED, number, actor)


def of_items(items: Sequence[OrderItem]) -> Pieces:
    """The pieces of lines, of which several may be of one variant."""
    pieces = Counter[UUID]()
    for item in items:
        pieces[item.variant_id] += item.quantity
    return pieces


def _change(connection: Connection, pieces: Pieces) -> Mapping[str, int]:
    rows = connection.execute(_CHANGE, [list(pieces), list(pieces.values())]).fetchall()
    return {row["sku"]: row["stock"] for row in rows}


def _record(
    connection: Connection,
    items: Sequence[OrderItem],
    quantities: Mapping[UUID, int],
    reason: StockReason,
    number: str,
    actor: str,
) -> None:
    rows = [(ids.new(), item.variant_id, quantities[item.id], reason, number, actor, item.id) for item in items]
    with connection.cursor() as cursor:
        cursor.executemany(
            """insert into stock_moves (id, variant_id, quantity, reason, note, actor, order_item_id)
            values (%s, %s, %s, %s, %s, %s, %s)""",
            rows,
        )
