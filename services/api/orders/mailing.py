"""Mails about orders, queued in the transaction that causes them."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from services.api.pricing.amounts import amount
from shared.db import customers, mails
from shared.db.pool import Connection
from shared.models import address
from shared.models.mail import MailTemplate
from shared.models.order import Order, OrderItem, OrderPrint, PaymentStatus
from shared.models.payment import Refund


def paid(connection: Connection, order: Order, items: Sequence[OrderItem]) -> None:
    """Confirm the payment, with what was bought, for how much, and where it goes."""
    facts = {"items": _lines(_item(item) for item in items), "sums": _sums(order), "address": _address(order)}
    _send(connection, order, MailTemplate.ORDER_PAID, order.id, facts)


def shipped(connection: Connection, order: Order, shipment_id: UUID, carrier: str, tracking: str) -> None:
    """Say that a parcel is on its way; `tracking` may be empty."""
    facts = {"carrier": _line(carrier), "tracking": _line(tracking), "address": _address(order)}
    _send(connection, order, MailTemplate.ORDER_SHIPPED, shipment_id, facts)


def artwork_rejected(connection: Connection, order: Order, item: OrderItem, rejected: OrderPrint) -> None:
    """Say why a picture cannot be printed, and what the customer can do."""
    facts = {
        "item": f"{item.title}, {item.colour}, {item.size}",
        "placement": rejected.placement.replace("_", " "),
        "reason": _line(rejected.rejection or ""),
    }
    _send(connection, order, MailTemplate.ARTWORK_REJECTED, f"{rejected.id}:{rejected.rejected_at}", facts)


def cancelled(connection: Connection, order: Order, owed: Sequence[tuple[int, str]], *, expired: bool = False) -> None:
    """`owed`: what goes back of each payment, with its currency. `expired`: the payment did not arrive in time."""
    lost = order.payment_status is PaymentStatus.LOST
    facts = {
        "expired": "yes" if expired else "",
        "back": "bank" if lost else "shop" if order.received_cents and not owed else "",
        "refund": " and ".join(amount(cents, currency) for cents, currency in owed),
    }
    _send(connection, order, MailTemplate.ORDER_CANCELLED, order.id, facts)


def refunded(connection: Connection, order: Order, refund: Refund) -> None:
    """Say that money was sent back; `order` is as it is with this refund."""
    facts = {
        "amount": amount(refund.amount_cents, order.currency),
        "refunded": amount(order.refunded_cents, order.currency),
        "received": amount(order.received_cents, order.currency),
    }
    _send(connection, order, MailTemplate.ORDER_REFUNDED, refund.id, facts)


def _send(
    connection: Connection, order: Order, template: MailTemplate, cause: UUID | str, facts: Mapping[str, str]
) -> None:
    """Queue it, unless the customer's account was erased."""
    customer = customers.find(connection, order.customer_id)
    if customer is None:
        return
    mails.enqueue(
        connection,
        once=f"{template}:{cause}",
        recipient=customer.email,
        template=template,
        facts={"order": f"{order.order_number} (TEST, no real money)" if order.test else order.order_number, **facts},
    )


def _item(item: OrderItem) -> str:
    return f"{item.quantity} x {item.title}, {item.colour}, {item.size}"


def _sums(order: Order) -> str:
    """The sums of the order; those that are zero only where a reader expects them."""
    sums = [("Goods", order.subtotal_cents), ("Shipping", order.shipping_cents), ("Total", order.total_cents)]
    if order.tax_cents:
        sums.insert(2, ("Tax", order.tax_cents))
    if order.discount_cents:
        sums.insert(1, ("Discount", -order.discount_cents))
    return _lines(f"{name}: {amount(cents, order.currency)}" for name, cents in sums)


def _address(order: Order) -> str:
    return _lines(address.lines(order.ship_to))


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(line for line in map(_line, texts) if line)


def _line(text: str) -> str:
    """In one line, so that no empty one begins a new paragraph."""
    return " ".join(text.split())
