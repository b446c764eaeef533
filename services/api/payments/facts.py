"""What Stripe's answers say of a payment, in our words."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from services.api.payments.objects import Begun, CheckoutSession, Intent
from shared.models.payment import PaymentFact, PaymentState

if TYPE_CHECKING:
    from services.api.payments.client import StripeClient

_STATES: Mapping[str, PaymentState] = {  # others wait for the customer
    "processing": PaymentState.PROCESSING,
    "requires_capture": PaymentState.PROCESSING,
    "succeeded": PaymentState.SUCCEEDED,
    "canceled": PaymentState.CANCELLED,
}


def of(stripe: "StripeClient", begun: Begun) -> PaymentFact:
    """The intent of a session knows amount and fee, so Stripe is asked for it."""
    return of_intent(begun) if isinstance(begun, Intent) else of_session(stripe, begun)


def of_intent(intent: Intent) -> PaymentFact:
    return PaymentFact(
        status=_STATES.get(intent.status, PaymentState.OPEN),
        stripe_id=intent.id,
        intent_id=intent.id,
        amount_cents=intent.amount_cents,
        currency=intent.currency,
        fee_cents=intent.charge.fee_cents if intent.charge else None,
        error_code=intent.error_code,
        received_at=intent.charge.received_at if intent.charge else None,
    )


def of_session(stripe: "StripeClient", session: CheckoutSession) -> PaymentFact:
    """A session that was completed in vain cannot be paid again."""
    if session.status == "expired":
        return PaymentFact(PaymentState.CANCELLED, session.id, session.intent_id)
    intent = stripe.intent(session.intent_id) if session.intent_id else None
    if intent is None:
        return PaymentFact(PaymentState.OPEN, session.id)
    fact = replace(of_intent(intent), stripe_id=session.id)
    ended = session.status == "complete" and fact.status is PaymentState.OPEN
    return replace(fact, status=PaymentState.FAILED) if ended else fact
