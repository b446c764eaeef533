"""POST /api/orders/<id>/payment: how a customer pays an order."""

from flask import Response

from services.api.dependencies import Dependencies
from services.api.middleware import auth
from services.api.middleware.idempotency import Replayed, exactly_once
from services.api.orders.paths import OrderPath
from services.api.payments import starting
from services.api.payments.objects import Begun
from services.api.payments.schemas import NewPayment, PaymentOut
from services.api.schemas import RequiredIdempotencyHeaders
from shared import shop_errors


def start(deps: Dependencies, header: RequiredIdempotencyHeaders, path: OrderPath, body: NewPayment) -> Response:  # noqa: ARG001 - validates them
    """Pay order.

    Starts to take the money of an order, or gives the payment that is open. Whether it was paid, the order says. A
    declined card is Stripe's to show; the same payment can be tried again.
    """
    if deps.stripe is None:
        raise shop_errors.PaymentUnavailable
    customer, replayed = auth.customer(), False
    try:
        with exactly_once(deps.database, auth.writer(), body.model_dump_json()) as record:
            begun = starting.start(deps, deps.stripe, customer.id, path.order_id, body.kind)
            with deps.database.transaction() as connection:
                record(connection, Response(status=200))  # without its body, which holds a secret
    except Replayed:
        begun, replayed = starting.start(deps, deps.stripe, customer.id, path.order_id, body.kind), True
    return _shown(deps, begun, replayed=replayed)


def _shown(deps: Dependencies, begun: Begun, *, replayed: bool) -> Response:
    stripe = deps.settings.stripe
    response = PaymentOut.of(begun, stripe.publishable_key or "", test=not stripe.live).response(200)
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response
