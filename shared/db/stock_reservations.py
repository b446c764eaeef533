"""Stock of orders: taken when one is placed, given back when it is cancelled or its goods return.

Callers hold the lock of the order. Each function changes all its variants by one statement, which locks them by id: so
two orders with lines in opposite orders never wait for each other.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from shared.db import ids
from shared.db.pool import Connection
from shared.models.order import OrderItem
from shared.models.stock_move import StockReason

Pieces = Mapping[UUID, int]  # by variant

_MOVE = """with moved as materialized (
        select *
        from unnest(%(ids)s::uuid[], %(variants)s::uuid[], %(quantities)s::int[], %(items)s::uuid[])
            moved (id, variant_id, quantity, order_item_id)
    ), wanted as materialized (
        select variants.id, sku, stock, asked.quantity
        from variants
            join (select variant_id, sum(quantity) as quantity from moved group by 1) asked on variant_id = variants.id
        order by variants.id
        for no key update of variants -- lines of others that name them need not wait
    ), changed as (
        update variants
        set stock = variants.stock + quantity
        from wanted
        where variants.id = wanted.id
        and variants.stock + quantity >= 0
        returning variants.id
    ), recorded as (
        insert into stock_moves (id, variant_id, quantity, reason, note, actor, order_item_id)
        select id, variant_id, quantity, %(reason)s, %(number)s, %(actor)s, order_item_id
        from moved
    )
    select sku, stock
    from wanted
    where id not in (select id from changed)
    order by sku"""


def take(connection: Connection, items: Sequence[OrderItem], number: str, actor: str) -> Mapping[str, int]:
    """Take the pieces of a new order. If any are missing, the caller rolls back: returns {SKU: how many there are}."""
    return _move(connection, items, {item.id: -item.quantity for item in items}, StockReason.SOLD, number, actor)


def release(connection: Connection, items: Sequence[OrderItem], number: str, actor: str) -> None:
    """Give back all that an order still holds when it is cancelled; the second time breaks an index."""
    rows = connection.execute(
        "select order_item_id, -sum(quantity) as held from stock_moves where order_item_id = any(%s) group by 1",
        [[item.id for item in items]],
    ).fetchall()
    _return(connection, items, {row["order_item_id"]: row["held"] for row in rows}, StockReason.RELEASED, number, actor)


def give_back(
    connection: Connection,
    items: Sequence[OrderItem],
    quantities: Mapping[UUID, int],
    most: Mapping[UUID, int],
    number: str,
    actor: str,
) -> None:
    """Give back some pieces, by the id of their line, that came back or were never printed.

    At most `most` of a line over time: what went back with a refund that then failed does not go back again.
    """
    before = _given_back(connection, items)
    some = {
        item_id: max(0, min(quantity, most[item_id] - before.get(item_id, 0)))
        for item_id, quantity in quantities.items()
    }
    _return(connection, items, some, StockReason.RETURNED, number, actor)


def _given_back(connection: Connection, items: Sequence[OrderItem]) -> Pieces:
    """How many pieces of each line, by its id."""
    rows = connection.execute(
        """select order_item_id, sum(quantity)::int as pieces
        from stock_moves
        where order_item_id = any(%s)
        and quantity > 0
        group by 1""",
        [[item.id for item in items]],
    ).fetchall()
    return {row["order_item_id"]: row["pieces"] for row in rows}


def reprint(
    connection: Connection, items: Sequence[OrderItem], quantities: Mapping[UUID, int], number: str, actor: str
) -> Mapping[str, int]:
    """Take pieces that are made once more, by the id of their line. If any are missing, as `take`."""
    taken = {item_id: -quantity for item_id, quantity in quantities.items()}
    return _move(connection, items, taken, StockReason.REPRINTED, number, actor)


def of_items(items: Sequence[OrderItem]) -> Pieces:
    """The pieces of lines, of which several may be of one variant."""
    pieces = Counter[UUID]()
    for item in items:
        pieces[item.variant_id] += item.quantity
    return pieces


def _return(
    connection: Connection,
    items: Sequence[OrderItem],
    quantities: Mapping[UUID, int],
    reason: StockReason,
    number: str,
    actor: str,
) -> None:
    returned = [item for item in items if quantities.get(item.id)]
    _move(connection, returned, quantities, reason, number, actor)


def _move(
    connection: Connection,
    items: Sequence[OrderItem],
    quantities: Mapping[UUID, int],
    reason: StockReason,
    number: str,
    actor: str,
) -> Mapping[str, int]:
    rows = connection.execute(
        _MOVE,
        {
            "ids": [ids.new() for _ in items],
            "variants": [item.variant_id for item in items],
            "quantities": [quantities[item.id] for item in items],
            "items": [item.id for item in items],
            "reason": reason,
            "number": number,
            "actor": actor,
        },
    ).fetchall()
    return {row["sku"]: row["stock"] for row in rows}
