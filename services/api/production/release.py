"""Orders that are paid go into production, and stop there as long as there is a reason to hold them."""

from collections.abc import Sequence

from services.api.production import files
from shared.db import order_events, order_items, orders, production
from shared.db.pool import Connection
from shared.models.order import HOLDABLE, SHOP, DisputeState, Hold, Order, OrderItem, ProductionStatus


def release(connection: Connection, order: Order, items: Sequence[OrderItem]) -> None:
    """Queue an order that was paid in full, and the files of its prints. Repeated, it does nothing.

    An order that is held stays so, and is queued when it is resumed. Refunds and disputes change nothing here, so that
    facts about money may come in any order.
    """
    paid = order.received_cents == order.total_cents and order.review is None
    if paid and production.release(connection, order.id):
        files.make(connection, items)
        order_events.add(connection, order.id, ProductionStatus.QUEUED, SHOP)


def hold(connection: Connection, order: Order, reason: Hold, actor: str = SHOP, words: str | None = None) -> Order:
    """Stop work on a locked order. One that is held keeps its first reason; one that was shipped stays as it is.

    `words` are an admin's, of Hold.ADMIN alone.
    """
    if order.production_status not in HOLDABLE:
        return order
    order_events.add(connection, order.id, ProductionStatus.HELD, actor, {"reason": words or reason})
    return production.set_status(connection, order, ProductionStatus.HELD, held_for=reason, held_reason=words)


def resume(connection: Connection, order: Order, reason: Hold, actor: str = SHOP) -> Order:
    """Go on with a locked order that is held for this reason, unless another reason holds it now."""
    if order.production_status is not ProductionStatus.HELD or order.held_for is not reason:
        return order
    items = order_items.of_order(connection, order.id)
    if other := obstacle(order, items):
        return production.set_status(connection, order, ProductionStatus.HELD, held_for=other)
    assert order.held_from is not None  # it is held
    order_events.add(connection, order.id, "resumed", actor)
    resumed = production.set_status(connection, order, order.held_from)
    release(connection, resumed, items)
    return orders.find(connection, None, order.id) or resumed


def obstacle(order: Order, items: Sequence[OrderItem]) -> Hold | None:
    """Why the shop itself cannot go on with an order."""
    if order.dispute in (DisputeState.OPEN, DisputeState.LOST):
        return Hold.DISPUTE
    if order.review is not None:
        return Hold.REVIEW
    made = (item for item in items if item.quantity > item.refunded)
    rejected = any(one.rejection is not None for item in made for one in item.prints)
    return Hold.ARTWORK if rejected else None
