"""Refunds that are decided on, and not asked of Stripe yet. Callers hold the lock of the order."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from services.api.refunds import rules
from services.api.refunds.rules import Part
from shared import shop_errors
from shared.db import ids, order_items, payments, refunds
from shared.db.pool import Connection
from shared.models.order import Order
from shared.models.payment import Payment, Refund


def of_parts(
    connection: Connection, order: Order, parts: Sequence[Part], *, reason: str, actor: str, claimed: bool = False
) -> Refund:
    """Pay back parts of an order, which has one payment. Raises MoreThanPaid. `claimed` as in `refunds.add`."""
    left = refunds.left_of_payments(connection, order.id)
    cents = rules.total(parts)
    if not 0 < cents <= order.refundable_cents or not left:
        raise shop_errors.MoreThanPaid(details={"leftCents": order.refundable_cents})
    payment_id = next(iter(left))
    return of_payment(connection, order, payment_id, cents, parts, reason=reason, actor=actor, claimed=claimed)


def of_all(
    connection: Connection, order: Order, *, reason: str, actor: str, claimed: bool = False
) -> tuple[Refund, ...]:
    """Pay back all that is left of each payment of an order, be it its total or not; nothing if nothing is left."""
    parts = whole_left(connection, order)
    made = []
    for payment_id, cents in refunds.left_of_payments(connection, order.id).items():
        mine = parts if rules.total(parts) == cents else ()
        refund = of_payment(connection, order, payment_id, cents, mine, reason=reason, actor=actor, claimed=claimed)
        made.append(refund)
        parts = () if mine else parts
    return tuple(made)


def set_surplus(connection: Connection, payment: Payment, *, surplus: bool) -> None:
    """Count a payment and its refunds no more for its order, as all of it goes back; or count them again."""
    payments.set_surplus(connection, payment, surplus=surplus)
    refunds.sum_up(connection, payment.order_id)


def whole_left(connection: Connection, order: Order) -> tuple[Part, ...]:
    """What is left of the order's lines."""
    items = order_items.of_order(connection, order.id)
    return rules.whole(rules.left(order, items, refunds.of_order(connection, order.id)))


def of_payment(
    connection: Connection,
    order: Order,
    payment_id: UUID,
    cents: int,
    parts: Iterable[Part],
    *,
    reason: str,
    actor: str,
    claimed: bool,
) -> Refund:
    """Pay back `cents` of a payment: of these parts, which have that sum, or of no line. Raises MoreThanPaid."""
    refund_id = ids.new()
    return refunds.add(
        connection,
        refund_id=refund_id,
        payment_id=payment_id,
        order_id=order.id,
        key=f"ref_{refund_id}",
        amount_cents=cents,
        lines=[part.json() for part in parts],
        reason=reason,
        actor=actor,
        claimed=claimed,
    )
