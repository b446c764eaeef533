"""What an attempt came to: for its message, for its endpoint, and for the endpoint's owner."""

from uuid import UUID

from services.worker.webhooks import rules
from shared import log, metrics
from shared.db import customers, mails, webhook_endpoints, webhook_messages
from shared.db.pool import Connection
from shared.models.mail import MailTemplate
from shared.models.owner import OwnerType
from shared.models.webhook import Attempt, Endpoint, Message

_log = log.get("webhooks")


def record(connection: Connection, message: Message, attempt: Attempt) -> None:
    """Write what an attempt came to, unless another worker has the message by now."""
    if attempt.accepted:
        if webhook_messages.delivered(connection, message, attempt):
            webhook_endpoints.accepted(connection, message.endpoint_id)
        return
    delay_s = rules.delay_s(message.attempts)
    held = (
        webhook_messages.failed(connection, message, attempt)
        if delay_s is None
        else webhook_messages.deferred(connection, message, attempt, delay_s)
    )
    if held:
        gone = rules.gone(attempt)
        disabled = webhook_endpoints.failed(connection, message.endpoint_id, rules.TOLERANCE_S, gone=gone)
        if disabled:
            _tell_owner(connection, disabled, attempt)


def _tell_owner(connection: Connection, endpoint: Endpoint, attempt: Attempt) -> None:
    """A mail to a customer; the owner of a key reads it in the API."""
    metrics.WEBHOOKS_DISABLED.inc()
    _log.warning("webhook_disabled", endpoint_id=str(endpoint.id), reason=endpoint.disabled_reason)
    owner = endpoint.owner
    if owner.type is OwnerType.CUSTOMER and (customer := customers.find(connection, UUID(owner.id))):
        mails.enqueue(
            connection,
            once=f"webhook_disabled:{endpoint.id}:{endpoint.disabled_at}",
            recipient=customer.email,
            template=MailTemplate.WEBHOOK_DISABLED,
            facts={"address": endpoint.url, "problem": attempt.error or f"The last response was {attempt.status}."},
        )


def report(message: Message, attempt: Attempt) -> None:
    outcome = "accepted" if attempt.accepted else "unanswered" if attempt.status is None else "refused"
    metrics.WEBHOOK_ATTEMPTS.labels(outcome).inc()
    facts = {"endpoint_id": str(message.endpoint_id), "attempt": message.attempts, "status": attempt.status}
    _log.info("webhook", outcome=outcome, message_id=str(message.id), type=message.type, **facts)
