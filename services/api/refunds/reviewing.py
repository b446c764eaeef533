"""Reviews: what Stripe received is not what the order costs, so a person decides.

    accept   one payment is of the order's total: the others go back, they count no more, and the order goes on
    refund   everything goes back, whatever it was, and the order is cancelled unless it has been shipped

Callers hold the locks of the order's discount code and of the order, and ask Stripe for the refunds once their
transaction is committed.
"""

from collections.abc import Iterable

from services.api.orders import cancelling
from services.api.refunds import issuing
from services.api.refunds.schemas import Resolution
from shared import shop_errors
from shared.db import order_events, orders, payments, refunds, shipments
from shared.db.pool import Connection
from shared.models.order import SENT, Order
from shared.models.payment import Payment, Refund

_REASON = "It was paid twice."


def resolve(connection: Connection, order: Order, resolution: Resolution, actor: str) -> tuple[Refund, ...]:
    """Returns the refunds that Stripe is to be asked for. Raises NotAllowedNow, such as for an order not in review."""
    if order.review is None:
        raise shop_errors.NotAllowedNow("The order is not in review.")
    made = (_accept if resolution is Resolution.ACCEPT else _refund)(connection, order, actor)
    order_events.add(connection, order.id, "reviewed", actor, {"resolution": resolution, "reason": order.review})
    return made


def _accept(connection: Connection, order: Order, actor: str) -> tuple[Refund, ...]:
    received = payments.received(connection, order.id)
    left = refunds.left_of_payments(connection, order.id)
    totals = [one for one in received if (one.amount_cents, one.currency) == (order.total_cents, order.currency)]
    if not totals or order.cancelled_at:
        raise shop_errors.NotAllowedNow("No payment is of the order's total.")
    kept = max(totals, key=lambda one: left.get(one.id, 0))  # somebody may have paid one back at Stripe already
    made = _give_back(connection, order, [one for one in received if one is not kept], actor)
    orders.end_review(connection, order.id)
    return made


def _refund(connection: Connection, order: Order, actor: str) -> tuple[Refund, ...]:
    if order.production_status in SENT or shipments.of_order(connection, order.id):
        raise shop_errors.NotAllowedNow("The order has been shipped: accept it, and refund what is right.")
    if order.cancelled_at is None:
        cancelling.end(connection, order, actor)
    foreign = [one for one in payments.received(connection, order.id) if one.currency != order.currency]
    made = _give_back(connection, order, foreign, actor)
    orders.end_review(connection, order.id)
    return (*made, *issuing.of_all(connection, order, reason="The order was cancelled.", actor=actor, claimed=True))


def _give_back(connection: Connection, order: Order, surplus: Iterable[Payment], actor: str) -> tuple[Refund, ...]:
    """Payments that count neither as received nor, once they are back, as refunded."""
    left, made = refunds.left_of_payments(connection, order.id), []
    for payment in surplus:
        issuing.set_surplus(connection, payment, surplus=True)
        if cents := left.get(payment.id, 0):
            made.append(
                issuing.of_payment(connection, order, payment.id, cents, (), reason=_REASON, actor=actor, claimed=True)
            )
    return tuple(made)
