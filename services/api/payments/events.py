"""Events of Stripe: stored once, then applied by asking Stripe what the object is now.

    received ──> stored ──> Stripe asked ──> settled, and handled, in one transaction
                    └─────────────┴── not now: it stays open, and `retry` tries again, later each time

An event says only that something changed, so it does not matter how late, how often or in which order events come.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from services.api.dependencies import Dependencies
from services.api.payments import readers
from services.api.payments.objects import NotYet
from services.api.payments.readers import Change
from services.api.refunds import readers as refund_readers
from shared import errors, failpoints, log, metrics, shop_errors
from shared.db import webhook_events
from shared.db.pool import Connection
from shared.models.payment import WebhookEvent

if TYPE_CHECKING:
    from services.api.payments.client import StripeClient

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
        attempt(deps, stripe, event)
    return len(due)


def attempt(deps: Dependencies, stripe: "StripeClient", event: WebhookEvent) -> None:
    """As `apply`, but an unexpected error is only logged. Raises Unavailable."""
    try:
        apply(deps, stripe, event)
    except errors.Unavailable:
        raise
    except Exception:  # noqa: BLE001 - the row says which
        _log.exception("event_failed", event_id=event.id, type=event.type)


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


READERS: Mapping[str, Read] = {
    "payment_intent.processing": readers.intent,
    "payment_intent.payment_failed": readers.intent,
    "payment_intent.succeeded": readers.intent,
    "payment_intent.canceled": readers.intent,
    "checkout.session.completed": readers.session,
    "checkout.session.async_payment_succeeded": readers.session,
    "checkout.session.async_payment_failed": readers.session,
    "checkout.session.expired": readers.session,
    "refund.created": refund_readers.refund,
    "refund.updated": refund_readers.refund,
    "refund.failed": refund_readers.refund,
    "charge.dispute.created": refund_readers.dispute,
    "charge.dispute.updated": refund_readers.dispute,
    "charge.dispute.closed": refund_readers.dispute,
    "charge.dispute.funds_withdrawn": refund_readers.dispute,
    "charge.dispute.funds_reinstated": refund_readers.dispute,
}
