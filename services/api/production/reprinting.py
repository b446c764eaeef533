"""Pieces that are made once more, without a new charge."""

from collections.abc import Mapping, Sequence

from services.api.dependencies import Dependencies
from services.api.middleware import auth
from services.api.orders.paths import OrderPath
from services.api.production import files
from services.api.production.moving import locked, refusal, step
from services.api.production.schemas import NewReprint, ProductionOut
from services.api.schemas import VersionHeaders
from shared import errors, shop_errors
from shared.db import order_events, order_items, reprints, stock_reservations
from shared.models.order import REPRINTABLE, OrderItem, ProductionStatus


def reprint(deps: Dependencies, path: OrderPath, header: VersionHeaders, body: NewReprint) -> ProductionOut:
    """Reprint pieces.

    Takes blank pieces from the stock and queues the order again, with nothing else to make. Only pieces that were
    printed are printed again; what is spoiled before is made again at once.
    """
    asked = {one.line: one.quantity for one in body.items}
    with locked(deps, path.order_id, header.version) as (connection, order):
        if order.production_status not in REPRINTABLE or not order.may_be_made:
            raise refusal(order)
        items = _chosen(order_items.of_order(connection, order.id), asked)
        quantities = {item.id: asked[item.line] for item in items}
        missing = stock_reservations.reprint(connection, items, quantities, order.order_number, auth.actor())
        if missing:
            raise shop_errors.OutOfStock(details=dict(missing))
        reprints.add(connection, quantities, body.reason, auth.actor())
        files.make(connection, items)
        order_events.add(connection, order.id, "reprint", auth.actor(), {"reason": body.reason})
        return step(deps, connection, order, ProductionStatus.QUEUED)


def _chosen(items: Sequence[OrderItem], asked: Mapping[int, int]) -> list[OrderItem]:
    """The lines asked for. Raises InvalidRequest for a line that there is not, or more pieces than it has."""
    most = {item.line: item.quantity for item in items}
    for line, quantity in asked.items():
        if quantity > most.get(line, 0):
            raise errors.InvalidRequest(f"Line {line} has {most.get(line, 0)} pieces.", details={"line": line})
    return [item for item in items if item.line in asked]
