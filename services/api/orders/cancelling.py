"""Orders cancelled: by their customer before anything is printed, or unpaid once their reservation has run out.

    unpaid   what is open at Stripe is cancelled there first ──> cancelled, if no money can come any more
    paid     cancelled, with a refund of all that is left ──> then Stripe is asked for it

Stripe is never asked with a transaction open. A cancelled order gives its pieces and its discount code back. Money that
arrives for it all the same is paid back by `settlement`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from services.api.dependencies import Dependencies
from services.api.orders import mailing
from services.api.payments import withdrawal
from services.api.production import pieces
from services.api.refunds import issuing, sending
from shared import errors, failpoints, log, shop_errors
from shared.db import discounts, order_events, order_items, orders, payments, reprints, stock_reservations
from shared.db.pool import Connection
from shared.models.order import SHOP, Order, OrderItem, PaymentStatus
from shared.models.payment import Refund

_AT_ONCE = 20  # of a call of `expire`, each with calls of Stripe
_AGAIN_S = 300.0  # a reservation that could not end yet lasts so much longer
_UNDECIDED = (PaymentStatus.PROCESSING, PaymentStatus.REVIEW, PaymentStatus.DISPUTED, PaymentStatus.LOST)
_log = log.get("orders")


@contextmanager
def cancelled(deps: Dependencies, order: Order, actor: str, *, paid: bool = True) -> Iterator[tuple[Connection, Order]]:
    """A transaction in which the order is cancelled. Unless `paid`, one that has been paid meanwhile is not.

    Raises InProduction, NotAllowedNow or, where Stripe does not answer, PaymentUnavailable.
    """
    with deps.database.transaction() as connection:  # a payment ends only for an order that can be cancelled
        _require_cancellable(connection, order, order_items.of_order(connection, order.id))
    if not order.received_cents:
        withdrawal.withdraw(deps, order.id)
    with deps.database.transaction() as connection:
        now, refunds = _cancel(connection, order, actor, paid=paid)
        yield connection, now
    _pay_back(deps, refunds)


@failpoints.before("o6")
def _pay_back(deps: Dependencies, refunds: Sequence[Refund]) -> None:
    sending.settle_all(deps, refunds)


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
    if order.discount_code:  # locked before orders, as when one is placed
        discounts.give_back(connection, order.discount_code)
    locked = orders.lock(connection, order.id)
    assert locked is not None  # orders are never deleted
    if payments.unsettled(connection, order.id) or (locked.received_cents and not paid):
        raise shop_errors.NotAllowedNow
    items = order_items.of_order(connection, order.id)
    _require_cancellable(connection, locked, items)
    now = orders.cancel(connection, order.id)
    stock_reservations.release(connection, items, order.order_number, actor)
    order_events.add(connection, order.id, "cancelled", actor)
    mailing.cancelled(connection, now, expired=not paid)
    refunds = issuing.of_all(connection, now, reason="The order was cancelled.", actor=actor, claimed=True)
    return orders.find(connection, None, order.id) or now, refunds


def _require_cancellable(connection: Connection, order: Order, items: Sequence[OrderItem]) -> None:
    if not pieces.unprinted(order, reprints.of_items(connection, [item.id for item in items])):
        raise shop_errors.InProduction
    if order.payment_status in _UNDECIDED:
        raise shop_errors.NotAllowedNow
