"""An order's open payment ends, at Stripe first: only what Stripe has cancelled will surely not be paid."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from services.api.dependencies import Dependencies
from services.api.payments import asking, settlement
from shared import shop_errors
from shared.db import orders, payments
from shared.models.payment import Payment, PaymentFact, PaymentState

if TYPE_CHECKING:
    from services.api.payments.client import StripeClient

_ABANDONED = timedelta(minutes=10)  # no request is still about to begin it
_ENDED = PaymentFact(PaymentState.CANCELLED)


def withdraw(deps: Dependencies, order_id: UUID) -> bool:
    """End the open payment; returns whether none is left. Raises PaymentUnavailable if Stripe cannot be asked.

    False: the order is being paid, or was just now. To cancel the order, lock it afterwards and look again for an open
    payment (`shared.db.payments.unsettled`): another may have begun.
    """
    with deps.database.transaction() as connection:
        orders.lock(connection, order_id)
        payment = payments.unsettled(connection, order_id)
        if payment and payment.stripe_id is None:  # nobody was given its secret, and nobody will be
            payment = settlement.record(deps, connection, payment, _ENDED)
    if payment and payment.status in (PaymentState.OPEN, PaymentState.PROCESSING):
        payment = _cancel(deps, payment)
    return payment is None or payment.status in (PaymentState.CANCELLED, PaymentState.FAILED)


def reconcile(deps: Dependencies, stripe: "StripeClient", payment: Payment) -> Payment:
    """Ask what became of a payment, and settle that. One that nobody began ends."""
    if payment.stripe_id:
        return _record(deps, payment, asking.find(stripe, payment)[1])
    if datetime.now(UTC) - payment.created_at > _ABANDONED:
        withdraw(deps, payment.order_id)
    return payment


def _cancel(deps: Dependencies, payment: Payment) -> Payment:
    if deps.stripe is None:
        raise shop_errors.PaymentUnavailable
    return _record(deps, payment, asking.cancel(deps.stripe, payment)[1])


def _record(deps: Dependencies, payment: Payment, fact: PaymentFact) -> Payment:
    with deps.database.transaction() as connection:
        return settlement.record(deps, connection, payment, fact)
