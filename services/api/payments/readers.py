"""What events about payments mean: Stripe is asked, and the answer becomes a change of an order."""

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from services.api.dependencies import Dependencies
from services.api.payments import facts, settlement
from services.api.payments.objects import NotYet
from shared.db import payments
from shared.db.pool import Connection
from shared.models.payment import Payment, PaymentKind

if TYPE_CHECKING:
    from services.api.payments.client import StripeClient

Change = Callable[[Connection], object]  # what an event means, to be done in the transaction that ends it


def intent(deps: Dependencies, stripe: "StripeClient", intent_id: str) -> Change | None:
    found = stripe.intent(intent_id)
    if found is None:
        return None
    payment = _payment(deps, found.id, found.payment_id)
    if payment is None:
        return None
    if payment.kind is PaymentKind.PAYMENT_INTENT:
        return lambda connection: settlement.record(deps, connection, payment, facts.of_intent(found))
    if payment.stripe_id is None:
        raise NotYet
    return session(deps, stripe, payment.stripe_id)


def session(deps: Dependencies, stripe: "StripeClient", session_id: str) -> Change | None:
    found = stripe.session(session_id)
    if found is None:
        return None
    payment = _payment(deps, found.id, found.payment_id)
    if payment is None:
        return None
    fact = facts.of_session(stripe, found)
    return lambda connection: settlement.record(deps, connection, payment, fact)


def know(deps: Dependencies, stripe: "StripeClient", intent_id: str) -> None:
    """Learn of which payment an intent is: events may name that of a Checkout session before the session.

    Not in a transaction. Raises NotYet.
    """
    with deps.database.transaction() as connection:
        known = payments.by_stripe_id(connection, intent_id)
    change = intent(deps, stripe, intent_id) if known is None else None
    if change:
        with deps.database.transaction() as connection:
            change(connection)


def _payment(deps: Dependencies, stripe_id: str, payment_id: UUID | None) -> Payment | None:
    """The payment that an object is of; None for an object that others made with the same account. Raises NotYet."""
    with deps.database.transaction() as connection:
        found = payments.by_stripe_id(connection, stripe_id)
        if found is None and payment_id is not None:
            found = payments.find(connection, payment_id)
    if found is None and payment_id is not None:
        raise NotYet
    if found and _other(found, stripe_id):
        raise NotYet("another object has this payment")
    return found


def _other(payment: Payment, stripe_id: str) -> bool:
    """Whether the payment is known to have another session or intent than this."""
    known = payment.intent_id if stripe_id.startswith("pi_") else payment.stripe_id
    return known not in (None, stripe_id)
