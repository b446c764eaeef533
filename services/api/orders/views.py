"""A customer's orders: placed, listed, shown and cancelled."""

from collections.abc import Mapping
from uuid import UUID

from flask import Response

from services.api.accounts import rules
from services.api.dependencies import Dependencies
from services.api.middleware import auth
from services.api.middleware.idempotency import Record, exactly_once
from services.api.orders import cancelling, finding, placing
from services.api.orders.paths import OrderKeyPath, OrderPath
from services.api.orders.schemas import (
    NewOrder,
    OrderOut,
    OrderPage,
    OrdersQuery,
    OrderSummary,
)
from services.api.orders.whole import WholeOrder
from services.api.schemas import RequiredIdempotencyHeaders
from shared import errors, failpoints
from shared.db import orders, postal_addresses
from shared.db.pagination import Cursor
from shared.db.pool import Connection
from shared.models.customer import Customer
from shared.models.order import CUSTOMER, Order


def create(deps: Dependencies, header: RequiredIdempotencyHeaders, body: NewOrder) -> Response:  # noqa: ARG001 - validates them
    """Place order.

    Makes an order of a quote, once, and reserves its pieces until `holdUntil`. Pay it before then. The prices, prints
    and addresses are kept as they are now, whatever is changed later.
    """
    customer = auth.customer()
    with exactly_once(deps.database, customer.owner, body.model_dump_json()) as record:
        return _committed(deps, customer, body, record)


@failpoints.after("o4")
def _committed(deps: Dependencies, customer: Customer, body: NewOrder, record: Record) -> Response:
    with deps.database.transaction() as connection:
        return _placed(deps, connection, customer, body, record)


@failpoints.after("o3")
def _placed(deps: Dependencies, connection: Connection, customer: Customer, body: NewOrder, record: Record) -> Response:
    ship_to = _ship_to(connection, customer.id, body)
    whole = placing.place(connection, customer, body.quote_id, ship_to, test=not deps.settings.stripe.live)
    response = OrderOut.of(whole).response(201)
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
        order = finding.find(connection, auth.customer().id, path.order)
        if order is None:
            raise errors.NotFound
        return OrderOut.of(WholeOrder.read(connection, order))


def cancel(deps: Dependencies, header: RequiredIdempotencyHeaders, path: OrderPath) -> Response:  # noqa: ARG001 - validates them
    """Cancel order.

    Possible until it is printed. A payment that is open ends first, what was paid is paid back, and the pieces are for
    sale again.
    """
    customer = auth.customer()
    with exactly_once(deps.database, customer.owner) as record:
        order = _of_customer(deps, customer.id, path.order_id)
        with cancelling.cancelled(deps, order, CUSTOMER) as (connection, now):
            response = OrderOut.of(WholeOrder.read(connection, now)).response(200)
            record(connection, response)
    return response


def _of_customer(deps: Dependencies, customer_id: UUID, order_id: UUID) -> Order:
    with deps.database.transaction() as connection:
        order = orders.find(connection, customer_id, order_id)
    if order is None:
        raise errors.NotFound
    return order


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
