"""The one place where facts about an order's money take effect: sums, states, and what follows from them."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from services.api.dependencies import Dependencies
from services.api.documents import issuing as documents
from services.api.orders import mailing
from services.api.production import release as production
from services.api.refunds import issuing as refunds
from services.api.webhooks import order_messages
from shared import log, metrics
from shared.db import order_events, order_items, orders, payments
from shared.db.pool import Connection
from shared.models.order import SHOP, STRIPE, DisputeState, Hold, Order
from shared.models.payment import Payment, PaymentFact

_log = log.get("payments")


@contextmanager
def settling(deps: Dependencies, connection: Connection, order_id: UUID) -> Iterator[Order]:
    """Lock the order, let the block write payments, refunds or disputes of it, then do what follows from their sums."""
    before = orders.lock(connection, order_id)
    assert before is not None  # orders with payments are never deleted
    yield before
    after = orders.find(connection, None, order_id)
    assert after is not None
    _follow(deps, connection, before, after)


def record(deps: Dependencies, connection: Connection, payment: Payment, fact: PaymentFact) -> Payment:
    """Take in what Stripe says of a payment; returns what is known of it now."""
    with settling(deps, connection, payment.order_id):
        current = payments.find(connection, payment.id)
        assert current is not None
        return payments.learn(connection, current, fact)


def _follow(deps: Dependencies, connection: Connection, before: Order, after: Order) -> None:
    won = after.dispute is DisputeState.WON and before.dispute is not DisputeState.WON
    if after.cancelled_at and (won or after.received_cents > before.received_cents):
        refunds.of_all(connection, after, reason="The payment came after the order was cancelled.", actor=SHOP)
    if _paid(after) and not _paid(before):
        order_events.add(connection, after.id, "paid", STRIPE, {"cents": after.received_cents})
    after = _follow_doubts(connection, before, after)
    if _paid(after) and not _paid(before):
        items = order_items.of_order(connection, after.id)
        production.release(connection, after, items)
        mailing.paid(connection, after, items)
        order_messages.paid(connection, after)
    documents.follow(connection, after, deps.settings.seller, paid=_paid(after))


def _follow_doubts(connection: Connection, before: Order, after: Order) -> Order:
    """Reviews and disputes stop production while they last; a dispute that is lost does for good."""
    if after.review and not before.review:
        order_events.add(connection, after.id, "review", STRIPE, {"reason": after.review})
        metrics.REVIEWS.inc()
        _log.error("order_in_review", order=after.order_number, reason=after.review)
    elif before.review and not after.review:
        after = production.resume(connection, after, Hold.REVIEW)
    if after.dispute is not before.dispute:
        order_events.add(connection, after.id, f"dispute_{after.dispute}", STRIPE)
        metrics.DISPUTES.labels(after.dispute).inc()
        _log.error("order_disputed", order=after.order_number, dispute=after.dispute)
        if after.dispute in (DisputeState.OPEN, DisputeState.LOST):
            after = production.hold(connection, after, Hold.DISPUTE)
        elif after.dispute is DisputeState.WON:
            after = production.resume(connection, after, Hold.DISPUTE)
    return after


def _paid(order: Order) -> bool:
    """Whether the whole amount was received, whatever was paid back since; not for an order that was cancelled."""
    return order.received_cents == order.total_cents and order.review is None and order.cancelled_at is None
