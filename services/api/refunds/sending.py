"""Asks Stripe for refunds, and what became of them. No transaction is open meanwhile."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from services.api.dependencies import Dependencies
from services.api.payments import settlement
from services.api.payments.objects import KeyConflict, Refused, StripeRefund
from services.api.refunds import facts
from shared import log, shop_errors
from shared.db import payments
from shared.models.payment import Refund

if TYPE_CHECKING:
    from services.api.payments.client import StripeClient

REPEATS_FOR = timedelta(hours=23)  # Stripe forgets a key after a day, and would pay back a second time
_log = log.get("refunds")


def settle(deps: Dependencies, refund: Refund) -> Refund:
    """Ask for the refund or, once Stripe has it, how it stands; returns what is known then.

    Raises PaymentUnavailable if Stripe does not answer: then the same question, with the same key, is safe.
    """
    if deps.stripe is None:
        raise shop_errors.PaymentUnavailable
    try:
        said = _ask(deps, deps.stripe, refund)
    except Refused as refusal:
        return _refused(deps, refund, refusal.code)
    except KeyConflict:  # perhaps it was made: a person must look
        _log.error("refund_key_conflict", refund_id=str(refund.id))
        return refund
    if said is None:
        return refund
    with deps.database.transaction() as connection, settlement.settling(deps, connection, refund.order_id):
        return facts.write(connection, refund, said)


def _ask(deps: Dependencies, stripe: "StripeClient", refund: Refund) -> StripeRefund | None:
    if refund.stripe_id:
        return stripe.refund(refund.stripe_id)
    if datetime.now(UTC) - refund.created_at > REPEATS_FOR:
        _log.error("refund_never_answered", refund_id=str(refund.id))
        return None
    with deps.database.transaction() as connection:
        payment = payments.find(connection, refund.payment_id)
    assert payment is not None
    assert payment.intent_id is not None  # it has succeeded
    return stripe.create_refund(
        refund.idempotency_key,
        intent_id=payment.intent_id,
        amount_cents=refund.amount_cents,
        refund_id=refund.id,
    )


def _refused(deps: Dependencies, refund: Refund, code: str) -> Refund:
    """A refund that Stripe does not know has failed. One that it knows stays as it is."""
    if refund.stripe_id:
        return refund
    with deps.database.transaction() as connection, settlement.settling(deps, connection, refund.order_id):
        return facts.refuse(connection, refund, code)
