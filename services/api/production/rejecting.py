"""Artwork that cannot be printed: refused by the shop with a reason, replaced by the customer in the same place.

Prints of an order that show the same picture of the same design in the same place share their fate: shirts of all
sizes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from flask import Response

from services.api.dependencies import Dependencies
from services.api.designs import placing as design_placing
from services.api.middleware import auth
from services.api.middleware.idempotency import once
from services.api.orders import mailing
from services.api.orders.schemas import OrderOut
from services.api.orders.whole import WholeOrder
from services.api.print import derived
from services.api.production import files, presenting, release
from services.api.production.moving import locked, refusal
from services.api.production.schemas import NewArtwork, PrintPath, ProductionOut, Rejection
from services.api.schemas import IdempotencyHeaders, VersionHeaders
from shared import errors
from shared.db import assets, ids, order_events, order_items, orders, production
from shared.db.pool import Connection
from shared.models.asset import Asset
from shared.models.order import (
    ARTWORK,
    CUSTOMER,
    Hold,
    Order,
    OrderItem,
    OrderPrint,
    PaymentStatus,
    ProductionStatus,
)

_BEFORE_PRINTED = (ProductionStatus.QUEUED, ProductionStatus.PRINTING)


def reject(deps: Dependencies, path: PrintPath, header: VersionHeaders, body: Rejection) -> ProductionOut:
    """Reject artwork.

    Holds an order whose picture cannot be printed as it is, and mails the reason to the customer, who can replace the
    picture. A refund is the other way out. Repeated with the same reason, it changes nothing.
    """
    with locked(deps, path.order_id, header.version) as (connection, order):
        alike = _alike(order_items.of_order(connection, order.id), path.print_id)
        if order.reached not in _BEFORE_PRINTED or not order.may_be_made:
            raise refusal(order)
        if all(one.rejection == body.reason for _, one in alike):
            return presenting.present(deps, connection, [order])[0]
        production.reject(connection, [one.id for _, one in alike], body.reason)
        order_events.add(connection, order.id, "artwork_rejected", auth.actor(), {"reason": body.reason})
        why = order.held_for or Hold.ARTWORK
        held = production.set_status(
            connection, order, ProductionStatus.HELD, held_for=why, held_reason=order.held_reason
        )
        item, rejected = _alike(order_items.of_order(connection, order.id), path.print_id)[0]
        mailing.artwork_rejected(connection, held, item, rejected)
        return presenting.present(deps, connection, [held])[0]


def replace_artwork(
    deps: Dependencies,
    header: IdempotencyHeaders,  # noqa: ARG001 - validates
    path: PrintPath,
    body: NewArtwork,
) -> Response:
    """Replace artwork.

    Puts another picture of yours where one was rejected: in the middle of its box, as large as that allows. Nothing is
    charged, and the order goes on.
    """
    customer = auth.customer()
    with once(deps.database, customer.owner, body.model_dump_json()) as record:
        with deps.database.transaction() as connection:
            _rejected(connection, customer.id, path)
            picture = derived.printed(connection, assets.find(connection, customer.owner, body.asset_id))
        ink = design_placing.ink_size(deps, picture)
        with deps.database.transaction() as connection:
            order, alike = _rejected(connection, customer.id, path)
            copy_id = _copy(connection, picture)
            production.replace_artwork(connection, [_within(one, copy_id, ink) for _, one in alike])
            files.make(connection, order_items.of_order(connection, order.id))
            order_events.add(connection, order.id, "artwork_replaced", CUSTOMER)
            now = release.resume(connection, order, Hold.ARTWORK)
            response = OrderOut.of(WholeOrder.read(connection, now)).response(200)
            record(connection, response)
    return response


def _rejected(
    connection: Connection, customer_id: UUID, path: PrintPath
) -> tuple[Order, list[tuple[OrderItem, OrderPrint]]]:
    """The customer's order, locked, and its rejected prints. Raises NotFound or NotAllowedNow."""
    order = orders.lock(connection, path.order_id)
    if order is None or order.customer_id != customer_id:
        raise errors.NotFound
    alike = _alike(order_items.of_order(connection, order.id), path.print_id)
    if alike[0][1].rejection is None or not _awaits_artwork(order, [item for item, _ in alike]):
        raise refusal(order)
    return order, alike


def _awaits_artwork(order: Order, items: Iterable[OrderItem]) -> bool:
    """Whether the order is held, and pieces of these lines are still paid for."""
    owed = order.refundable_cents > 0 and order.payment_status is not PaymentStatus.LOST
    wanted = any(item.quantity > item.refunded for item in items)
    return order.production_status is ProductionStatus.HELD and owed and wanted


def _alike(items: Sequence[OrderItem], print_id: UUID) -> list[tuple[OrderItem, OrderPrint]]:
    """The print and those that show the same, with their lines. Raises NotFound."""
    prints = [(item, one) for item in items for one in item.prints]
    wanted = next((_shows(one) for _, one in prints if one.id == print_id), None)
    if wanted is None:
        raise errors.NotFound
    return [(item, one) for item, one in prints if _shows(one) == wanted]


def _shows(one: OrderPrint) -> tuple[UUID, UUID, str]:
    return one.asset_id, one.design_id, one.placement


def _copy(connection: Connection, picture: Asset) -> UUID:
    """The shop's own copy. Raises NotFound if the picture was deleted meanwhile."""
    copy_id = ids.new()
    if not assets.copy(connection, picture.owner, {picture.id: copy_id}, ARTWORK):
        raise errors.NotFound
    return copy_id


def _within(one: OrderPrint, asset_id: UUID, ink: tuple[int, int]) -> OrderPrint:
    """The print with another picture: its ink is as large as the box allows, and has the same middle."""
    scale = min(one.width_um / ink[0], one.height_um / ink[1])
    width, height = (max(1, round(side * scale)) for side in ink)
    left, top = one.left_um + (one.width_um - width) // 2, one.top_um + (one.height_um - height) // 2
    return replace(one, asset_id=asset_id, left_um=left, top_um=top, width_um=width, height_um=height)
