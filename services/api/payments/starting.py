"""A payment of an order begins: its row and key are stored, then Stripe is asked, then its answer is stored.

    new, with a key ──> Stripe creates, or replays by the key ──> open, with an id ──> paid in the customer's browser

Whatever dies in between, the next request finds the row and asks again with the same key, so that an order is charged
once. The secret with which a payment is paid is passed on only once its id is stored, and is never stored itself.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.api.dependencies import Dependencies
from services.api.payments import asking, settlement
from services.api.payments.objects import Begun
from shared import errors, failpoints, shop_errors
from shared.db import orders, payments
from shared.db.pool import Connection
from shared.models.order import Order, PaymentStatus
from shared.models.payment import Payment, PaymentFact, PaymentKind, PaymentState

if TYPE_CHECKING:
    from services.api.payments.client import StripeClient

_PAYABLE = (PaymentStatus.UNPAID, PaymentStatus.FAILED)
_UNDERWAY = (PaymentState.PROCESSING, PaymentState.SUCCEEDED)


def start(deps: Dependencies, stripe: "StripeClient", customer_id: UUID, order_id: UUID, kind: PaymentKind) -> Begun:
    """The open payment of an order; a new one of this kind if there is none. Raises NotFound or NotPayable."""
    for _ in range(2):  # the open one may turn out to have ended
        order, payment = _prepare(deps, stripe, customer_id, order_id, kind)
        begun, fact = _ask(deps, stripe, order, payment)
        payment = _learn(deps, payment, fact)
        if begun and payment.status is PaymentState.OPEN:
            return begun
        if payment.status in _UNDERWAY:
            raise shop_errors.NotPayable
    raise shop_errors.PaymentUnavailable  # Stripe refuses to begin one


@failpoints.after("p1")
def _prepare(
    deps: Dependencies, stripe: "StripeClient", customer_id: UUID, order_id: UUID, kind: PaymentKind
) -> tuple[Order, Payment]:
    with deps.database.transaction() as connection:
        order = orders.lock(connection, order_id)
        if order is None or order.customer_id != customer_id:
            raise errors.NotFound
        payment = payments.unsettled(connection, order_id)
        if payment is None:
            if not _payable(order, live=stripe.live):
                raise shop_errors.NotPayable
            payment = payments.add(connection, order, kind)
        return order, payment


def _payable(order: Order, *, live: bool) -> bool:
    held = order.hold_until is not None and order.hold_until > datetime.now(UTC)
    return order.payment_status in _PAYABLE and held and order.test != live


@failpoints.after("p2")
def _ask(deps: Dependencies, stripe: "StripeClient", order: Order, payment: Payment) -> asking.Answer:
    return asking.find(stripe, payment) if payment.stripe_id else asking.begin(deps, stripe, order, payment)


@failpoints.after("p4")
def _learn(deps: Dependencies, payment: Payment, fact: PaymentFact) -> Payment:
    with deps.database.transaction() as connection:
        return _record(deps, connection, payment, fact)


@failpoints.after("p3")
def _record(deps: Dependencies, connection: Connection, payment: Payment, fact: PaymentFact) -> Payment:
    return settlement.record(deps, connection, payment, fact)
