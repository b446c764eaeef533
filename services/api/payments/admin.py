"""/api/admin/webhooks: events of Stripe that could not be applied yet, for administrators."""

from services.api.dependencies import Dependencies
from services.api.middleware import auth
from services.api.payments import events
from services.api.payments.admin_schemas import WebhookList, WebhookOut, WebhookPath, WebhooksQuery
from shared import errors, log, shop_errors
from shared.db import webhook_events
from shared.db.webhook_events import ReceivedEvent

_log = log.get("payments")


def list_webhooks(deps: Dependencies, query: WebhooksQuery) -> WebhookList:
    """List Stripe events.

    Lists the events of Stripe that are not applied yet, oldest first. `error` says why.
    """
    with deps.database.transaction() as connection:
        found = webhook_events.unhandled(connection, query.limit)
    return WebhookList(items=list(map(WebhookOut.from_row, found)))


def retry_webhook(deps: Dependencies, path: WebhookPath) -> WebhookOut:
    """Retry Stripe event.

    Tries now to apply an event, which is tried again by itself otherwise, at least hourly. `handledAt` says whether it
    was applied, and `error` why not. One that was applied before stays as it is.
    """
    if deps.stripe is None:
        raise shop_errors.PaymentUnavailable
    found = _find(deps, path.event_id)
    if found.handled_at is None:
        events.attempt(deps, deps.stripe, found.event)
    return WebhookOut.from_row(_find(deps, path.event_id))


def dismiss_webhook(deps: Dependencies, path: WebhookPath) -> WebhookOut:
    """Dismiss Stripe event.

    Ends an event that needs nothing more, such as one of a payment that was settled by hand: it is not tried again.
    """
    with deps.database.transaction() as connection:
        if webhook_events.handled(connection, path.event_id):
            _log.warning("event_dismissed", event_id=path.event_id, actor=auth.actor())
    return WebhookOut.from_row(_find(deps, path.event_id))


def _find(deps: Dependencies, event_id: str) -> ReceivedEvent:
    with deps.database.transaction() as connection:
        found = webhook_events.find(connection, event_id)
    if found is None:
        raise errors.NotFound
    return found
