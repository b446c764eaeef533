"""An order with all the rows that belong to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from shared.db import invoices, order_events, order_items, refunds, shipments
from shared.db.pool import Connection
from shared.models.invoice import Invoice
from shared.models.order import Order, OrderEvent, OrderItem, Shipment
from shared.models.payment import Refund


@dataclass(frozen=True, slots=True)
class WholeOrder:
    order: Order
    items: Sequence[OrderItem]
    events: Sequence[OrderEvent]
    shipments: Sequence[Shipment] = ()
    refunds: Sequence[Refund] = ()
    invoices: Sequence[Invoice] = ()

    @classmethod
    def read(cls, connection: Connection, order: Order) -> Self:
        return cls(
            order,
            order_items.of_order(connection, order.id),
            order_events.of_order(connection, order.id),
            shipments.of_order(connection, order.id),
            refunds.of_order(connection, order.id),
            invoices.of_orders(connection, [order.id]),
        )
