"""POST /api/webhooks/stripe: nothing of a body is believed before its signature is checked."""

import time

from flask import current_app, request
from pydantic import ValidationError

from services.api.dependencies import Dependencies
from services.api.middleware import request_body
from services.api.payments import events, signatures
from services.api.payments.schemas import Received, SentEvent, SignatureHeaders
from services.api.route import Signed
from shared import errors, log, metrics, shop_errors
from shared.models.payment import WebhookEvent

_log = log.get("payments")


def receive(deps: Dependencies, header: SignatureHeaders) -> Received:
    """Receive event.

    Takes events that Stripe signed, each any number of times and in any order. 200 says that the event is stored; what
    it means is applied now, or a little later if Stripe cannot be asked.
    """
    if deps.stripe is None:
        raise shop_errors.PaymentUnavailable
    try:
        event = _read(deps, header.stripe_signature, live=deps.stripe.live)
    except (shop_errors.BadSignature, shop_errors.WrongMode) as refusal:
        metrics.STRIPE_EVENTS.labels(refusal.code).inc()
        _log.warning("event_refused", reason=refusal.code)
        raise
    events.take(deps, deps.stripe, event)
    return Received()


def _read(deps: Dependencies, signature: str, *, live: bool) -> WebhookEvent:
    request_body.allow(Signed.max_bytes, "The event is larger than 256 kB.")
    raw = request.get_data(cache=False)
    loads = current_app.json.loads
    body = signatures.verified(raw, signature, deps.settings.stripe.webhook_secrets, time.time(), loads)
    try:
        sent = SentEvent.model_validate(body)
    except ValidationError:
        raise errors.InvalidRequest("This is no snapshot event of Stripe.") from None
    if sent.livemode != live:
        raise shop_errors.WrongMode
    return sent.event()
