"""The queue of the people at the printer, and single orders as it shows them."""

from services.api.dependencies import Dependencies
from services.api.orders.paths import OrderPath
from services.api.production import files, presenting
from services.api.production.moving import locked, refusal
from services.api.production.schemas import ProductionOut, ProductionPage, QueueQuery
from services.api.schemas import VersionHeaders
from shared import errors
from shared.db import order_items, orders, production
from shared.db.pagination import Cursor
from shared.models.order import IN_PRODUCTION, ProductionStatus


def page(deps: Dependencies, query: QueueQuery) -> ProductionPage:
    """List production.

    Lists what is to be printed, packed and shipped, the oldest order first, with the files for the printer.
    """
    statuses = (ProductionStatus(query.status),) if query.status else IN_PRODUCTION
    after = Cursor.parse(query.cursor) if query.cursor else None
    with deps.database.transaction() as connection:
        found = production.queue(connection, statuses, query.limit, after)
        items = presenting.present(deps, connection, found.items)
    return ProductionPage(items=items, next_cursor=found.next_cursor)


def show(deps: Dependencies, path: OrderPath) -> ProductionOut:
    """Get production.

    Shows one order as the queue does, in any state.
    """
    with deps.database.transaction() as connection:
        order = orders.find(connection, None, path.order_id)
        if order is None:
            raise errors.NotFound
        return presenting.present(deps, connection, [order])[0]


def make_files(deps: Dependencies, path: OrderPath, header: VersionHeaders) -> ProductionOut:
    """Make files again.

    Queues files that are missing or whose job has failed; all others stay.
    """
    with locked(deps, path.order_id, header.version) as (connection, order):
        if not order.may_be_made:
            raise refusal(order)
        files.make(connection, order_items.of_order(connection, order.id))
        return presenting.present(deps, connection, [order])[0]
