"""Orders cancelled: by their customer before anything is printed, or unpaid once their reservation has run out.

    unpaid   what is open at Stripe is cancelled there first ──> cancelled, if no money can come any more
    paid     cancelled, with a refund of all that is left ──> then Stripe is asked for it
    gone     lost to a dispute, or paid back whole: the shop cancels what it has not sent, printed or not

Stripe is never asked with a transaction open. A cancelled order gives its discount code back, and its pieces unless
they are printed. Money that arrives for it all the same is paid back by `settlement`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from services.api.dependencies import Dependencies
from services.api.orders import mailing
from services.api.payments import withdrawal
from services.api.production import pieces
from services.api.refunds import issuing, sending
from shared import errors, failpoints, log, shop_errors
from shared.db import (
    discounts,
    jobs,
    order_events,
    order_items,
    orders,
    payments,
    refunds,
    reprints,
    stock_reservations,
)
from shared.db.pool import Connection
from shared.models.order import ARTWORK, CUSTOMER, SENT, SHOP, Order, OrderItem, PaymentStatus
from shared.models.payment import Refund

_AT_ONCE = 20  # of a call of `expire`, each with calls of Stripe
_AGAIN_S = 300.0  # a reservation that could not end yet lasts so much longer
_UNDECIDED = (PaymentStatus.PROCESSING, PaymentStatus.REVIEW, PaymentStatus.DISPUTED, PaymentStatus.LOST)
_GONE = (PaymentStatus.LOST, PaymentStatus.REFUNDED)
_log = log.get("orders")


@contextmanager
def cancelled(deps: Dependencies, order: Order, actor: str, *, paid: bool = True) -> Iterator[tuple[Connection, Order]]:
    """A transaction in which the order is cancelled, or was before. Unless `paid`, one paid meanwhile is not.

    Raises InProduction, NotAllowedNow or, where Stripe does not answer, PaymentUnavailable.
    """
    with deps.database.transaction() as connection:  # a payment ends only for an order that can be cancelled
        _require_cancellable(connection, order, actor)
    if not order.received_cents:
        withdrawal.withdraw(deps, order.id)
    with deps.database.transaction() as connection:
        now, made = _cancel(connection, order, actor, paid=paid)
        yield connection, now
    _pay_back(deps, made)


@failpoints.before("o6")
def _pay_back(deps: Dependencies, made: Sequence[Refund]) -> None:
    sending.settle_all(deps, made)


def expire(deps: Dependencies) -> int:
    """Cancel unpaid orders whose reservation has run out, a bounded number; returns how many.

    Any number of instances may call it at once: each takes orders that no other has. What cannot be cancelled yet, as
    its payment is still on its way or Stripe does not answer, stays reserved and is tried again in a few minutes.
    """
    with deps.database.transaction() as connection:
        due = orders.extend_run_out(connection, _AGAIN_S, _AT_ONCE)
    return sum(_expired(deps, order) for order in due)


def _expired(deps: Dependencies, order: Order) -> bool:
    try:
        with cancelled(deps, order, SHOP, paid=False):
            pass
    except errors.Failure as failure:  # it was paid at the last moment or may be, or Stripe or the database is away
        _log.info("order_not_expired", order=order.order_number, code=failure.code)
        return False
    return True


@failpoints.after("o5")
def _cancel(connection: Connection, order: Order, actor: str, *, paid: bool) -> tuple[Order, Sequence[Refund]]:
    discounts.lock_of_order(connection, order.id)
    locked = orders.lock(connection, order.id)
    assert locked is not None  # orders are never deleted
    if locked.cancelled_at:
        return locked, ()
    if payments.unsettled(connection, order.id) or (locked.received_cents and not paid):
        raise shop_errors.NotAllowedNow
    _require_cancellable(connection, locked, actor)
    now = end(connection, locked, actor, expired=not paid)
    if now.payment_status is PaymentStatus.LOST:
        return now, ()
    made = issuing.of_all(connection, now, reason="The order was cancelled.", actor=actor, claimed=True)
    return orders.find(connection, None, order.id) or now, made


def end(connection: Connection, order: Order, actor: str, *, expired: bool = False) -> Order:
    """Cancel an order, locked after its discount code, whatever its money: that is its caller's to pay back."""
    items = order_items.of_order(connection, order.id)
    unprinted = _is_unprinted(connection, order, items)
    if unprinted:
        stock_reservations.release(connection, items, order.order_number, actor)
    if order.discount_code:
        discounts.give_back(connection, order.discount_code)
    for job_id in sorted({one.print_job_id for item in items for one in item.prints if one.print_job_id}):
        jobs.cancel(connection, ARTWORK, job_id)
    now = orders.cancel(connection, order.id)
    order_events.add(connection, order.id, "cancelled", actor, {} if unprinted else {"printed": True})
    mailing.cancelled(connection, now, _owed(connection, now), expired=expired)
    return now


def _owed(connection: Connection, order: Order) -> list[tuple[int, str]]:
    """What is left of each payment, with its currency; nothing of an order whose money a dispute has taken."""
    if order.payment_status is PaymentStatus.LOST:
        return []
    left = refunds.left_of_payments(connection, order.id)
    return [(left[one.id], one.currency) for one in payments.received(connection, order.id) if one.id in left]


def _require_cancellable(connection: Connection, order: Order, actor: str) -> None:
    if order.cancelled_at:
        return
    if order.payment_status in _GONE and actor != CUSTOMER and order.production_status not in SENT:
        return
    if not _is_unprinted(connection, order, order_items.of_order(connection, order.id)):
        raise shop_errors.InProduction
    if order.payment_status in _UNDECIDED:
        raise shop_errors.NotAllowedNow


def _is_unprinted(connection: Connection, order: Order, items: Sequence[OrderItem]) -> bool:
    return pieces.unprinted(order, reprints.of_items(connection, [item.id for item in items]))
