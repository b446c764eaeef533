"""A customer's orders: placed, listed and shown."""

from collections.abc import Mapping
from uuid import UUID

from flask import Response

from services.api.accounts import rules
from services.api.dependencies import Dependencies
from services.api.middleware import auth
from services.api.middleware.idempotency import exactly_once
from services.api.orders import numbering, placing
from services.api.orders.schemas import NewOrder, OrderKeyPath, OrderOut, OrderPage, OrdersQuery, OrderSummary
from services.api.schemas import RequiredIdempotencyHeaders
from shared import errors
from shared.db import order_events, order_items, orders, postal_addresses
from shared.db.pagination import Cursor
from shared.db.pool import Connection
from shared.models.order import Order


def create(deps: Dependencies, header: RequiredIdempotencyHeaders, body: NewOrder) -> Response:  # noqa: ARG001 - validates them
    """Place order.

    Makes an order of a quote, once, and reserves its pieces until `holdUntil`. Pay it before then. The prices, prints
    and addresses are kept as they are now, whatever is changed later.
    """
    customer = auth.customer()
    with (
        exactly_once(deps.database, customer.owner, body.model_dump_json()) as record,
        deps.database.transaction() as connection,
    ):
        ship_to = _ship_to(connection, customer.id, body)
        order = placing.place(connection, customer, body.quote_id, ship_to, test=not deps.settings.stripe.live)
        response = _shown(connection, order).response(201)
        record(connection, response)
    return response


def page(deps: Dependencies, query: OrdersQuery) -> OrderPage:
    """List orders.

    Lists your own orders, newest first.
    """
    after = Cursor.parse(query.cursor) if query.cursor else None
    wanted = orders.Filter(customer_id=auth.customer().id, payment_status=query.payment_status)
    with deps.database.transaction() as connection:
        found = orders.page(connection, wanted, query.limit, after)
    return OrderPage(items=list(map(OrderSummary.summary, found.items)), next_cursor=found.next_cursor)


def show(deps: Dependencies, path: OrderKeyPath) -> OrderOut:
    """Get order.

    Shows one of your orders, by its id or its number.
    """
    with deps.database.transaction() as connection:
        order = _find(connection, auth.customer().id, path.order)
        if order is None:
            raise errors.NotFound
        return _shown(connection, order)


def _ship_to(connection: Connection, customer_id: UUID, body: NewOrder) -> Mapping[str, str]:
    if body.ship_to:
        rules.require_postal(body.ship_to.country, body.ship_to.postal_code, body.ship_to.region)
        fields: Mapping[str, str] = body.ship_to.model_dump()
        return fields
    assert body.address_id is not None  # the body has one of the two
    address = postal_addresses.find(connection, customer_id, body.address_id)
    if address is None:
        raise errors.NotFound("You have no such address.", details={"fields": {"addressId": "You have no such one."}})
    return address.fields


def _find(connection: Connection, customer_id: UUID, key: str) -> Order | None:
    try:
        return orders.find(connection, customer_id, UUID(key))
    except ValueError:
        number = numbering.read(key)
    return orders.by_number(connection, customer_id, number) if number else None


def _shown(connection: Connection, order: Order) -> OrderOut:
    return OrderOut.of(order, order_items.of_order(connection, order.id), order_events.of_order(connection, order.id))
