"""An order's way through production: each step by an admin, held and resumed in between."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from services.api.dependencies import Dependencies
from services.api.middleware import auth
from services.api.orders.paths import OrderPath
from services.api.production import presenting, release
from services.api.production.schemas import HoldIn, Move, ProductionOut
from services.api.schemas import VersionHeaders
from shared import errors, shop_errors
from shared.db import order_events, order_items, orders, production, reprints
from shared.db.pool import Connection
from shared.models.order import HOLDABLE, NEXT, Hold, Order, ProductionStatus


@contextmanager
def locked(deps: Dependencies, order_id: UUID, version: int) -> Iterator[tuple[Connection, Order]]:
    """A transaction that has locked an order. Raises NotFound, or Changed if it has another version."""
    with deps.database.transaction() as connection:
        order = orders.lock(connection, order_id)
        if order is None:
            raise errors.NotFound
        if order.version != version:
            raise shop_errors.Changed
        yield connection, order


def refusal(order: Order, **others: object) -> shop_errors.NotAllowedNow:
    """The failure that names the states of the order."""
    states = {"paymentStatus": order.payment_status, "productionStatus": order.production_status}
    return shop_errors.NotAllowedNow(details={**states, **others})


def move(deps: Dependencies, path: OrderPath, header: VersionHeaders, body: Move) -> ProductionOut:
    """Move order.

    Moves a paid order one step on: from `queued` to `printing`, `printed` and `packed`. Of two admins who move it at
    once, one gets 412.
    """
    to = ProductionStatus(body.to)
    with locked(deps, path.order_id, header.version) as (connection, order):
        if NEXT.get(order.production_status) is not to or not order.may_be_made:
            raise refusal(order)
        if to is ProductionStatus.PRINTED:
            items = order_items.of_order(connection, order.id)
            reprints.set_printed(connection, [item.id for item in items])
        return step(deps, connection, order, to)


def hold(deps: Dependencies, path: OrderPath, header: VersionHeaders, body: HoldIn) -> ProductionOut:
    """Hold order.

    Stops work on an order that was not shipped, until it is resumed. Repeated, it changes nothing.
    """
    with locked(deps, path.order_id, header.version) as (connection, order):
        again = (order.held_for, order.held_reason) == (Hold.ADMIN, body.reason)
        if order.production_status not in HOLDABLE and not again:
            raise refusal(order)
        held = release.hold(connection, order, Hold.ADMIN, auth.actor(), body.reason)
        return presenting.present(deps, connection, [held])[0]


def resume(deps: Dependencies, path: OrderPath, header: VersionHeaders) -> ProductionOut:
    """Resume order.

    Goes on with an order where it was held. While there is a dispute, a review or a rejected picture, it stays held.
    """
    with locked(deps, path.order_id, header.version) as (connection, order):
        obstacle = release.obstacle(order, order_items.of_order(connection, order.id))
        if order.held_for is None or obstacle:
            raise refusal(order, heldFor=obstacle)
        resumed = release.resume(connection, order, order.held_for, auth.actor())
        return presenting.present(deps, connection, [resumed])[0]


def step(deps: Dependencies, connection: Connection, order: Order, to: ProductionStatus) -> ProductionOut:
    """Store the new state of a locked order, with its history."""
    order_events.add(connection, order.id, to, auth.actor())
    moved = production.set_status(connection, order, to)
    return presenting.present(deps, connection, [moved])[0]
