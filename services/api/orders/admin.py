"""All orders, for the shop: listed, searched, shown and cancelled."""

from flask import Response

from services.api.dependencies import Dependencies
from services.api.middleware import auth
from services.api.middleware.idempotency import exactly_once
from services.api.orders import cancelling, finding, numbering
from services.api.orders.admin_schemas import (
    AdminOrderOut,
    AdminOrderPage,
    AdminOrdersQuery,
    AdminOrderSummary,
    OrderCountsOut,
)
from services.api.orders.paths import OrderKeyPath, OrderPath
from services.api.orders.whole import WholeOrder
from services.api.schemas import RequiredIdempotencyHeaders
from shared import errors
from shared.db import customers, orders
from shared.db.orders import Filter
from shared.db.pagination import Cursor, Page
from shared.db.pool import Connection
from shared.models.order import Order


def admin_page(deps: Dependencies, query: AdminOrdersQuery) -> AdminOrderPage:
    """List all orders.

    Lists orders, newest first: of a payment status, a production status, or those that `q` finds.
    """
    after = Cursor.parse(query.cursor) if query.cursor else None
    with deps.database.transaction() as connection:
        found = _found(connection, query, after)
    return AdminOrderPage(items=list(map(AdminOrderSummary.summary, found.items)), next_cursor=found.next_cursor)


def admin_counts(deps: Dependencies) -> OrderCountsOut:
    """Count orders.

    How many orders have each payment and production status, up to a thousand of each.
    """
    with deps.database.transaction() as connection:
        return OrderCountsOut.from_row(orders.count(connection), most=orders.COUNTED)


def admin_show(deps: Dependencies, path: OrderKeyPath) -> AdminOrderOut:
    """Get any order.

    Shows an order by its id or its number, with its whole history.
    """
    with deps.database.transaction() as connection:
        order = finding.find(connection, None, path.order)
        if order is None:
            raise errors.NotFound
        return _shown(connection, order)


def admin_cancel(deps: Dependencies, header: RequiredIdempotencyHeaders, path: OrderPath) -> Response:  # noqa: ARG001 - validates them
    """Cancel any order.

    As its customer can, until it is printed. A payment that is open ends first, what was paid is paid back, and the
    pieces are for sale again. An order that is `lost` to a dispute or `refunded` whole is cancelled until it is
    sent, and nothing more is paid back.
    """
    owner = auth.identified()
    with exactly_once(deps.database, owner) as record:
        with deps.database.transaction() as connection:
            order = orders.find(connection, None, path.order_id)
        if order is None:
            raise errors.NotFound
        with cancelling.cancelled(deps, order, auth.actor()) as (connection, now):
            response = _shown(connection, now).response(200)
            record(connection, response)
    return response


def _shown(connection: Connection, order: Order) -> AdminOrderOut:
    customer = customers.find(connection, order.customer_id)
    return AdminOrderOut.of_shop(WholeOrder.read(connection, order), customer)


def _found(connection: Connection, query: AdminOrdersQuery, after: Cursor | None) -> Page[Order]:
    words = (query.q or "").strip()
    number = numbering.read(words)
    wanted = Filter(
        payment_status=query.payment_status,
        production_status=query.production_status,
        number=number,
        email=words if "@" in words else None,
        recipient=words if words and not number and "@" not in words else None,
    )
    return orders.page(connection, wanted, query.limit, after)
