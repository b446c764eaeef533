"""Events of orders for the webhooks of the shop's own keys, written in the transaction that causes them."""

from shared.db import webhook_messages
from shared.db.pool import Connection
from shared.models.order import Order, Shipment
from shared.models.payment import Refund
from shared.models.webhook import EventType
from shared.models.webhook_payload import order_data


def paid(connection: Connection, order: Order) -> None:
    webhook_messages.announce(connection, EventType.ORDER_PAID, order_data(order), once=f"paid:{order.id}")


def shipped(connection: Connection, order: Order, parcel: Shipment) -> None:
    webhook_messages.announce(
        connection, EventType.ORDER_SHIPPED, order_data(order, parcel=parcel), once=f"shipped:{parcel.id}"
    )


def refunded(connection: Connection, order: Order, refund: Refund) -> None:
    """`order` is as it is with this refund."""
    webhook_messages.announce(
        connection, EventType.ORDER_REFUNDED, order_data(order, refund=refund), once=f"refunded:{refund.id}"
    )
