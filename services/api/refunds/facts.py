"""What Stripe says of refunds and disputes, written down. Callers let `settlement.settling` do what follows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from services.api.orders import mailing
from services.api.payments.objects import StripeDispute, StripeRefund
from services.api.refunds import issuing, rules
from services.api.webhooks import order_messages
from shared import log, metrics
from shared.db import dispute_transactions, disputes, order_events, orders, payments, refunds
from shared.db.pool import Connection
from shared.models.order import STRIPE, Order
from shared.models.payment import DisputeTransaction, Payment, Refund, RefundState

_log = log.get("refunds")
_STATES: Mapping[str, RefundState] = {
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.CANCELLED,
}


def refunded_order(connection: Connection, said: StripeRefund) -> UUID | None:
    """The order of a refund; None if neither the refund nor its payment is one of ours."""
    found = _ours(connection, said)
    if found:
        return found.order_id
    payment = _paid_by(connection, said.intent_id)
    return payment.order_id if payment else None


def record_refund(connection: Connection, said: StripeRefund) -> Refund:
    """Write what Stripe says of a refund of `refunded_order`, whose lock the caller holds.

    One that somebody made at Stripe itself is paid back of all lines alike. Raises MoreThanPaid while less was received
    than that, as far as we know.
    """
    return write(connection, _ours(connection, said) or _adopted(connection, said), said)


def write(connection: Connection, refund: Refund, said: StripeRefund) -> Refund:
    """Write what Stripe says of one of our refunds, and what follows from it."""
    return _changed(
        connection,
        refund,
        stripe_id=said.id,
        status=_STATES.get(said.status, RefundState.PENDING),  # `requires_action` is the customer's
        error_code=said.error_code,
        refunded_at=said.refunded_at,
        failed_at=said.failed_at,
    )


def refuse(connection: Connection, refund: Refund, error_code: str) -> Refund:
    """Write that Stripe will not make a refund, which it does not know."""
    return _changed(
        connection,
        refund,
        stripe_id=None,
        status=RefundState.FAILED,
        error_code=error_code,
        refunded_at=None,
        failed_at=None,
    )


def _changed(connection: Connection, refund: Refund, **said: Any) -> Refund:
    before, after = refunds.find(connection, refund.id), refunds.write(connection, refund.id, **said)
    order = orders.find(connection, None, refund.order_id)
    assert before is not None  # refunds are never deleted, nor are their orders
    assert after is not None
    assert order is not None
    if after.status is not before.status:
        _follow(connection, order, after)
    return after


def _follow(connection: Connection, order: Order, after: Refund) -> None:
    """The documents follow in `settlement`, last of all."""
    metrics.REFUNDS.labels(after.status).inc()
    _log.info("refund", order=order.order_number, refund_id=str(after.id), status=after.status, reason=after.error_code)
    told = {"refund": str(after.id), "cents": after.amount_cents}
    if after.status is RefundState.SUCCEEDED:
        order_events.add(connection, order.id, "refunded", after.actor, told)
        mailing.refunded(connection, order, after)
        order_messages.refunded(connection, order, after)
    elif after.status is RefundState.FAILED:
        order_events.add(connection, order.id, "refund_failed", STRIPE, {**told, "reason": after.error_code})
        payment = payments.find(connection, after.payment_id)
        assert payment is not None
        issuing.set_surplus(connection, payment, surplus=False)  # it has not gone back


def disputed_order(connection: Connection, said: StripeDispute) -> UUID | None:
    """The order of a dispute; None if its payment is not one of ours."""
    payment = _paid_by(connection, said.intent_id)
    return payment.order_id if payment else None


def record_dispute(connection: Connection, said: StripeDispute, asked_at: datetime) -> None:
    """Write what Stripe answered to a question of `asked_at` about a dispute of `disputed_order`, which is locked."""
    payment = _paid_by(connection, said.intent_id)
    assert payment is not None
    disputes.write(
        connection,
        stripe_id=said.id,
        order_id=payment.order_id,
        payment_id=payment.id,
        status=said.status,
        amount_cents=said.amount_cents,
        withdrawn_cents=-sum(one.amount_cents for one in said.transactions),
        reason=said.reason,
        evidence_due_at=said.evidence_due_at,
        opened_at=said.opened_at,
        asked_at=asked_at,
    )
    moved = [
        DisputeTransaction(one.id, said.id, one.amount_cents, one.fee_cents, one.created_at)
        for one in said.transactions
    ]
    dispute_transactions.add(connection, moved)


def _ours(connection: Connection, said: StripeRefund) -> Refund | None:
    found = refunds.find(connection, said.refund_id) if said.refund_id else None
    return found or refunds.by_stripe_id(connection, said.id)


def _paid_by(connection: Connection, intent_id: str | None) -> Payment | None:
    return payments.by_stripe_id(connection, intent_id) if intent_id else None


def _adopted(connection: Connection, said: StripeRefund) -> Refund:
    """A refund that somebody made at Stripe itself."""
    payment = _paid_by(connection, said.intent_id)
    assert payment is not None
    order = orders.find(connection, None, payment.order_id)
    assert order is not None
    left, cents = issuing.whole_left(connection, order), said.amount_cents
    parts = rules.of_amount(left, cents) if cents <= rules.total(left) else ()
    return issuing.of_payment(connection, order, payment.id, cents, parts, reason="", actor=STRIPE, claimed=True)
