"""Asks Stripe for refunds, and what became of them. No transaction is open meanwhile."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from services.api.dependencies import Dependencies
from services.api.payments import settlement
from services.api.payments.objects import KeyConflict, Refused, StripeRefund
from services.api.refunds import facts
from shared import errors, failpoints, log, shop_errors
from shared.db import payments
from shared.db.pool import Connection
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
    return _record(deps, refund, said)


def settle_all(deps: Dependencies, made: Iterable[Refund]) -> list[Refund]:
    """Settle refunds that were stored just now. If Stripe does not answer, the reconciler goes on asking."""
    return [_attempt(deps, refund) for refund in made]


def _attempt(deps: Dependencies, refund: Refund) -> Refund:
    try:
        return settle(deps, refund)
    except errors.Failure as failure:  # Stripe, or the database
        _log.warning("refund_open", refund_id=str(refund.id), reason=failure.code)
        return refund


@failpoints.after("f3")
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


@failpoints.after("f5")
def _record(deps: Dependencies, refund: Refund, said: StripeRefund) -> Refund:
    with deps.database.transaction() as connection, settlement.settling(deps, connection, refund.order_id):
        return _write(connection, refund, said)


@failpoints.after("f4")
def _write(connection: Connection, refund: Refund, said: StripeRefund) -> Refund:
    return facts.write(connection, refund, said)


def _refused(deps: Dependencies, refund: Refund, code: str) -> Refund:
    """A refund that Stripe does not know has failed. One that it knows stays as it is."""
    if refund.stripe_id:
        return refund
    with deps.database.transaction() as connection, settlement.settling(deps, connection, refund.order_id):
        return facts.refuse(connection, refund, code)
