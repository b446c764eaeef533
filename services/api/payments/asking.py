"""Stripe is asked about a payment: to begin it, by the key that its row has, or what has become of it since.

Never with a transaction open. Asked twice with one key, Stripe begins one payment.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from services.api.dependencies import Dependencies
from services.api.payments import facts
from services.api.payments.objects import Begun, KeyConflict, Refused
from shared import log, shop_errors
from shared.db import customers
from shared.models.order import Order
from shared.models.payment import Payment, PaymentFact, PaymentKind, PaymentState

if TYPE_CHECKING:
    from services.api.payments.client import StripeClient

LASTS = timedelta(minutes=35)  # a page of Checkout: at least 30 for Stripe, also if its creation must be repeated
Answer = tuple[Begun | None, PaymentFact]  # what Stripe has, None if it has or makes nothing; and what that means
_log = log.get("payments")


def begin(deps: Dependencies, stripe: "StripeClient", order: Order, payment: Payment) -> Answer:
    """A repetition must say the same: Stripe refuses a key with other arguments."""
    if payment.kind is PaymentKind.PAYMENT_INTENT:
        return _answer(stripe, payment, lambda: stripe.create_intent(payment, order.order_number))
    email = _email(deps, order)
    return _answer(
        stripe,
        payment,
        lambda: stripe.create_session(
            payment,
            order.order_number,
            expires_at=payment.created_at + LASTS,
            return_url=f"{deps.settings.stripe.public_url}/orders/{order.order_number}",
            email=email,
        ),
    )


def find(stripe: "StripeClient", payment: Payment) -> Answer:
    """Of a payment with an id at Stripe. Stripe does not know it if the key is now another account's."""
    by_id = payment.stripe_id
    assert by_id is not None
    intent = payment.kind is PaymentKind.PAYMENT_INTENT
    return _answer(stripe, payment, lambda: stripe.intent(by_id) if intent else stripe.session(by_id))


def cancel(stripe: "StripeClient", payment: Payment) -> Answer:
    """End an open payment, unless it is being paid or was: then what became of it."""
    by_id = payment.stripe_id
    assert by_id is not None
    intent = payment.kind is PaymentKind.PAYMENT_INTENT
    try:
        begun = stripe.cancel_intent(by_id) if intent else stripe.expire_session(by_id)
    except Refused:
        return find(stripe, payment)
    return begun, facts.of(stripe, begun)


def _answer(stripe: "StripeClient", payment: Payment, call: Callable[[], Begun | None]) -> Answer:
    try:
        begun = call()
    except (Refused, KeyConflict) as refusal:
        return _refused(payment, str(refusal))
    return (begun, facts.of(stripe, begun)) if begun else _refused(payment, "resource_missing")


def _refused(payment: Payment, code: str) -> Answer:
    _log.error("payment_refused", payment_id=str(payment.id), code=code)
    return None, PaymentFact(PaymentState.FAILED, error_code=code)


def _email(deps: Dependencies, order: Order) -> str:
    with deps.database.transaction() as connection:
        customer = customers.find(connection, order.customer_id)
    if customer is None:
        raise shop_errors.NotPayable
    return customer.email
