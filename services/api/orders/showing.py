"""An order as its customer sees it, put together from its rows."""

from services.api.orders.schemas import OrderOut, WholeOrder
from shared.db import invoices, order_events, order_items, refunds, shipments
from shared.db.pool import Connection
from shared.models.order import Order


def shown(connection: Connection, order: Order) -> OrderOut:
    return OrderOut.of(whole(connection, order))


def whole(connection: Connection, order: Order) -> WholeOrder:
    return WholeOrder(
        order,
        order_items.of_order(connection, order.id),
        shipments.of_order(connection, order.id),
        refunds.of_order(connection, order.id),
        invoices.of_orders(connection, [order.id]),
        order_events.of_order(connection, order.id),
    )
