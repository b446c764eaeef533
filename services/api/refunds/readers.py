"""What events about refunds and disputes mean: Stripe is asked, and the answer becomes a change of an order."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from services.api.dependencies import Dependencies
from services.api.payments import asking, settlement
from services.api.payments import readers as payment_readers
from services.api.payments.objects import NotYet, StripeRefund
from services.api.payments.readers import Change
from services.api.refunds import facts
from shared import shop_errors
from shared.db import payments
from shared.db.pool import Connection
from shared.models.payment import PaymentState

if TYPE_CHECKING:
    from services.api.payments.client import StripeClient


def refund(deps: Dependencies, stripe: "StripeClient", refund_id: str) -> Change | None:
    said = stripe.refund(refund_id)
    if said is None:
        return None
    if said.intent_id:
        payment_readers.know(deps, stripe, said.intent_id)
    with deps.database.transaction() as connection:
        order_id = facts.refunded_order(connection, said)
        paid = payments.by_stripe_id(connection, said.intent_id) if said.intent_id else None
    if order_id is None:
        return None
    fact = asking.find(stripe, paid)[1] if paid and paid.status is not PaymentState.SUCCEEDED else None

    def change(connection: Connection) -> None:
        with settlement.settling(deps, connection, order_id):
            if paid and fact:  # the refund has overtaken what it pays back
                payments.learn(connection, payments.find(connection, paid.id) or paid, fact)
            _record(connection, said)

    return change


def dispute(deps: Dependencies, stripe: "StripeClient", dispute_id: str) -> Change | None:
    asked_at = datetime.now(UTC)
    said = stripe.dispute(dispute_id)
    if said is None:
        return None
    if said.intent_id:
        payment_readers.know(deps, stripe, said.intent_id)
    with deps.database.transaction() as connection:
        order_id = facts.disputed_order(connection, said)
    if order_id is None:
        return None

    def change(connection: Connection) -> None:
        with settlement.settling(deps, connection, order_id):
            facts.record_dispute(connection, said, asked_at)

    return change


def _record(connection: Connection, said: StripeRefund) -> None:
    """A refund made at Stripe may come before one of ours is known to have failed for it."""
    try:
        facts.record_refund(connection, said)
    except shop_errors.MoreThanPaid as failure:
        raise NotYet from failure
