"""Parcels: an order that is packed leaves, and arrives."""

from services.api.dependencies import Dependencies
from services.api.middleware import auth
from services.api.orders import mailing
from services.api.orders.paths import OrderPath
from services.api.production import presenting
from services.api.production.moving import locked, refusal, step
from services.api.production.schemas import ProductionOut
from services.api.production.shipment_schemas import NewShipment, ShipmentPath
from services.api.schemas import VersionHeaders
from services.api.webhooks import order_messages
from shared import errors
from shared.db import order_events, production, shipments
from shared.models.order import ProductionStatus

_LEAVING = (ProductionStatus.PACKED, ProductionStatus.SHIPPED)


def ship(deps: Dependencies, path: OrderPath, header: VersionHeaders, body: NewShipment) -> ProductionOut:
    """Ship order.

    Records that a parcel of a packed order has left, and mails its number to the customer. An order that was shipped
    may get further parcels.
    """
    with locked(deps, path.order_id, header.version) as (connection, order):
        if order.production_status not in _LEAVING or not order.may_be_made:
            raise refusal(order)
        parcel = shipments.add(connection, order.id, body.carrier, body.tracking)
        mailing.shipped(connection, order, parcel.id, parcel.carrier, parcel.tracking)
        order_messages.shipped(connection, order, parcel)
        return step(deps, connection, order, ProductionStatus.SHIPPED)


def deliver(deps: Dependencies, path: ShipmentPath, header: VersionHeaders) -> ProductionOut:
    """Deliver shipment.

    Records that a parcel has arrived. With the last parcel, its order is delivered. Repeated, it changes nothing.
    """
    with locked(deps, path.order_id, header.version) as (connection, order):
        parcels = {parcel.id: parcel for parcel in shipments.of_order(connection, order.id)}
        if path.shipment_id not in parcels:
            raise errors.NotFound
        if parcels[path.shipment_id].delivered_at:
            return presenting.present(deps, connection, [order])[0]
        shipments.deliver(connection, path.shipment_id)
        arrived = all(parcel.delivered_at for parcel in shipments.of_order(connection, order.id))
        if arrived and order.production_status is ProductionStatus.SHIPPED:
            return step(deps, connection, order, ProductionStatus.DELIVERED)
        order_events.add(connection, order.id, "parcel_delivered", auth.actor())
        now = production.set_status(
            connection, order, order.production_status, held_for=order.held_for, held_reason=order.held_reason
        )
        return presenting.present(deps, connection, [now])[0]
