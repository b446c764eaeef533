"""An order as its customer sees it, put together from its rows."""

from services.api.orders.schemas import OrderOut
from services.api.orders.whole import WholeOrder
from shared.db.pool import Connection
from shared.models.order import Order


def shown(connection: Connection, order: Order) -> OrderOut:
    return OrderOut.of(WholeOrder.read(connection, order))
