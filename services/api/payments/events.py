"""Events of Stripe: stored once, then applied by asking Stripe what the object is now.

    received ──> stored ──> Stripe asked ──> settled, and handled, in one transaction
                    └─────────────┴── not now: it stays open, and `retry` tries again, later each time

An event says only that something changed, so it does not matter how late, how often or in which order events come.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from services.api.dependencies import Dependencies
from services.api.payments import facts, settlement
from services.api.payments.objects import NotYet
from services.api.refunds import readers
from shared import errors, failpoints, log, metrics, shop_errors
from shared.db import payments, webhook_events
from shared.db.pool import Connection
from shared.models.payment import Payment, PaymentKind, WebhookEvent

if TYPE_CHECKING:
    from services.api.payments.client import StripeClient

Change = Callable[[Connection], object]  # what an event means, to be done in the transaction that ends it
Read = Callable[[Dependencies, "StripeClient", str], Change | None]  # None: the object is not of our making
_log = log.get("payments")


def take(deps: Dependencies, stripe: "StripeClient", event: WebhookEvent) -> None:
    """Store an event and apply it, unless that was done before."""
    if not _store(deps, event):
        metrics.STRIPE_EVENTS.labels("seen").inc()
        return
    apply(deps, stripe, event)


def retry(deps: Dependencies, stripe: "StripeClient", limit: int) -> int:
    """Try open events that are due, at most `limit`; returns how many there were."""
    with deps.database.transaction() as connection:
        due = webhook_events.due(connection, limit)
    for event in due:
        try:
            apply(deps, stripe, event)
        except errors.Unavailable:
            raise
        except Exception:  # noqa: BLE001 - the next event is another
            _log.exception("event_failed", event_id=event.id, type=event.type)
    return len(due)


def apply(deps: Dependencies, stripe: "StripeClient", event: WebhookEvent) -> None:
    """Apply a stored event, or leave it open. An unexpected error leaves it open too, and is raised."""
    try:
        outcome = _settle(deps, event, _change(deps, stripe, event))
    except (NotYet, shop_errors.PaymentUnavailable, errors.Busy) as reason:
        outcome = _defer(deps, event, str(reason) or type(reason).__name__)
    except Exception as error:
        _defer(deps, event, type(error).__name__)
        raise
    metrics.STRIPE_EVENTS.labels(outcome).inc()
    _log.info("event", outcome=outcome, event_id=event.id, type=event.type)


@failpoints.after("p5")
def _store(deps: Dependencies, event: WebhookEvent) -> bool:
    with deps.database.transaction() as connection:
        return webhook_events.add(connection, event)


def _change(deps: Dependencies, stripe: "StripeClient", event: WebhookEvent) -> Change | None:
    read = READERS.get(event.type)
    return read(deps, stripe, event.object_id) if read else None


@failpoints.after("p7")
def _settle(deps: Dependencies, event: WebhookEvent, change: Change | None) -> str:
    with deps.database.transaction() as connection:
        if not webhook_events.handled(connection, event.id):
            return "seen"
        if change:
            _do(connection, change)
    return "handled" if change else "ignored"


@failpoints.after("p6")
def _do(connection: Connection, change: Change) -> None:
    change(connection)


def _defer(deps: Dependencies, event: WebhookEvent, reason: str) -> str:
    with deps.database.transaction() as connection:
        webhook_events.deferred(connection, event.id, reason)
    _log.warning("event_deferred", event_id=event.id, type=event.type, reason=reason)
    return "deferred"


def _intent(deps: Dependencies, stripe: "StripeClient", intent_id: str) -> Change | None:
    intent = stripe.intent(intent_id)
    if intent is None:
        return None
    payment = _payment(deps, intent.id, intent.payment_id)
    if payment is None:
        return None
    if payment.kind is PaymentKind.PAYMENT_INTENT:
        return lambda connection: settlement.record(deps, connection, payment, facts.of_intent(intent))
    if payment.stripe_id is None:
        raise NotYet
    return _session(deps, stripe, payment.stripe_id)


def _session(deps: Dependencies, stripe: "StripeClient", session_id: str) -> Change | None:
    session = stripe.session(session_id)
    if session is None:
        return None
    payment = _payment(deps, session.id, session.payment_id)
    if payment is None:
        return None
    fact = facts.of_session(stripe, session)
    return lambda connection: settlement.record(deps, connection, payment, fact)


def _payment(deps: Dependencies, stripe_id: str, payment_id: UUID | None) -> Payment | None:
    """The payment that an object is of; None for an object that others made with the same account. Raises NotYet."""
    with deps.database.transaction() as connection:
        found = payments.by_stripe_id(connection, stripe_id)
        if found is None and payment_id is not None:
            found = payments.find(connection, payment_id)
    if found is None and payment_id is not None:
        raise NotYet
    if found and stripe_id not in (found.stripe_id or stripe_id, found.intent_id):
        raise NotYet("another object has this payment")
    return found


READERS: Mapping[str, Read] = {
    "payment_intent.processing": _intent,
    "payment_intent.payment_failed": _intent,
    "payment_intent.succeeded": _intent,
    "payment_intent.canceled": _intent,
    "checkout.session.completed": _session,
    "checkout.session.async_payment_succeeded": _session,
    "checkout.session.async_payment_failed": _session,
    "checkout.session.expired": _session,
    "refund.created": readers.refund,
    "refund.updated": readers.refund,
    "refund.failed": readers.refund,
    "charge.dispute.created": readers.dispute,
    "charge.dispute.updated": readers.dispute,
    "charge.dispute.closed": readers.dispute,
    "charge.dispute.funds_withdrawn": readers.dispute,
    "charge.dispute.funds_reinstated": readers.dispute,
}
