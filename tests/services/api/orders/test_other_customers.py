"""Orders are their customer's: every route of one is 404 for another customer, and says no more than for no order.

The routes are found in the table of routes: a new one with an id that is not named below fails.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api.middleware.policy import Auth
from services.api.route import Route
from services.api.routes import DOCUMENTED
from shared.db import customers, ids, invoices, order_events, order_items, payments, refunds
from shared.db.pool import Connection
from shared.models.customer import Customer, Role
from shared.models.invoice import Seller
from shared.models.order import SHOP, Order
from shared.models.owner import Scope
from shared.models.payment import Refund, RefundState
from tests.services.api.client import body, refused
from tests.services.api.conftest import Api
from tests.services.api.customers import signed_in, with_key
from tests.services.api.orders import rows
from tests.services.api.payments import conftest
from tests.services.api.payments.conftest import Shop
from tests.shared.db import catalogue

shop = conftest.shop
ANN, EVE = "ann@shop.example", "eve@shop.example"
OF_ONE_ORDER = {
    f"{route.method} {route.path}": route
    for routes in DOCUMENTED.values()
    for route in routes
    if "<order>" in route.path or "<uuid:order_id>" in route.path
}
OF_CUSTOMERS = {name: route for name, route in OF_ONE_ORDER.items() if route.auth is Auth.CUSTOMER}
OF_SHOP = {name: route for name, route in OF_ONE_ORDER.items() if route.auth in (Auth.ADMIN, Auth.ORDERS)}
NOBODY: Mapping[str, str] = {
    "<order>": "ST-0000-0000",
    "<invoice_number>": "CN-999999",
    **{f"<uuid:{name}>": str(UUID(int=7)) for name in ("order_id", "print_id", "item_id", "shipment_id")},
}


@dataclass(frozen=True, slots=True)
class Sold:
    """A paid order of Ann's with an invoice and a credit note, and the ids in its routes' paths."""

    order: Order
    names: Mapping[str, str]


def _customer(api: Api, email: str) -> Customer:
    with api.deps.database.transaction() as connection:
        found = customers.by_email(connection, email)
    assert found is not None
    return found


def sold(api: Api) -> Sold:
    signed_in(api, ANN)
    customer = _customer(api, ANN)
    with api.deps.database.transaction() as connection:
        order = rows.paid(connection, rows.order(connection, customer=customer))
        items = order_items.of_order(connection, order.id)
        invoices.issue(connection, order, items, Seller("Shop"))
        credit = invoices.credit(connection, order, _refund(connection, order))
        order = rows.found(connection, order.id)
        shipment = {"id": ids.new(), "order_id": order.id, "carrier": "DHL"}
        catalogue.insert(connection, "shipments", shipment)
    assert credit is not None
    return Sold(
        order,
        {
            "<order>": order.order_number,
            "<uuid:order_id>": str(order.id),
            "<invoice_number>": credit.number,
            "<uuid:print_id>": str(items[0].prints[0].id),
            "<uuid:item_id>": str(items[0].id),
            "<uuid:shipment_id>": str(shipment["id"]),
        },
    )


def _refund(connection: Connection, order: Order) -> Refund:
    """A dollar of the first line, paid back."""
    (payment,) = payments.of_order(connection, order.id)
    line = {"line": 1, "quantity": 0, "cents": 100, "taxCents": 9}
    made = refunds.add(
        connection,
        refund_id=ids.new(),
        payment_id=payment.id,
        order_id=order.id,
        key=f"ref_{order.id}",
        amount_cents=100,
        lines=[line],
        reason="",
        actor=SHOP,
    )
    facts = {"status": RefundState.SUCCEEDED, "refunded_at": made.created_at, "error_code": None, "failed_at": None}
    written = refunds.write(connection, made.id, stripe_id=f"re_{made.id.hex}", **facts)  # type: ignore[arg-type]
    refunds.sum_up(connection, order.id)
    assert written is not None
    return written


def _send(client: FlaskClient, route: Route, names: Mapping[str, str], version: int = 1) -> TestResponse:
    """The example of its body, for these ids."""
    path = route.path
    for name, value in names.items():
        path = path.replace(name, value)
    assert "<" not in path, f"{path}: name this id in the rows above"
    model = route.model("body")
    extra = model.model_config.get("json_schema_extra") if model else None
    payload = extra["examples"][0] if isinstance(extra, dict) else None  # type: ignore[index]
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": str(version)}
    return client.open(path, method=route.method, json=payload, headers=headers, buffered=True)


def _strangers(api: Api) -> Iterator[FlaskClient]:
    """Signed in, but not as the order's customer: their role opens the shop's routes, not those of customers."""
    yield signed_in(api, EVE)
    yield signed_in(api, "boss@shop.example", Role.ADMIN)


def _state(api: Api, order: Order) -> tuple[Order, int]:
    with api.deps.database.transaction() as connection:
        return rows.found(connection, order.id), len(order_events.of_order(connection, order.id))


@pytest.mark.parametrize("route", OF_CUSTOMERS.values(), ids=OF_CUSTOMERS)
def test_another_customer_s_order_is_not_found(shop: Shop, route: Route) -> None:
    api, made = shop.api, sold(shop.api)
    before = _state(api, made.order)
    for stranger in _strangers(api):
        refused(_send(stranger, route, made.names), 404, "not_found")
        theirs, none = (_send(stranger, route, names).get_json()["error"] for names in (made.names, NOBODY))
        assert {**theirs, "requestId": ""} == {**none, "requestId": ""}
    for key in Scope:
        refused(_send(with_key(api, key), route, made.names), 401, "unauthorized")
    refused(_send(api.guest(), route, made.names), 401, "unauthorized")
    assert _state(api, made.order) == before
    own = _send(signed_in(api, ANN), route, made.names, before[0].version)
    assert own.status_code not in (401, 403, 404), own.text


@pytest.mark.parametrize("route", OF_SHOP.values(), ids=OF_SHOP)
def test_the_shop_s_routes_of_an_order_are_closed_to_its_customer(shop: Shop, route: Route) -> None:
    api, made = shop.api, sold(shop.api)
    before = _state(api, made.order)
    for customer in (signed_in(api, ANN), signed_in(api, EVE)):
        refused(_send(customer, route, made.names), 403, "forbidden")
    refused(_send(api.guest(), route, made.names), 401, "unauthorized")
    opened = {Scope.ADMIN, Scope.ORDERS} if route.auth is Auth.ORDERS else {Scope.ADMIN}
    for scope in set(Scope) - opened:
        refused(_send(with_key(api, scope), route, made.names), 403, "forbidden")
    assert _state(api, made.order) == before
    for scope in sorted(opened):
        answered = _send(with_key(api, scope), route, made.names, before[0].version)
        assert answered.status_code not in (401, 403, 404), answered.text


def test_every_route_of_an_order_is_a_customer_s_or_the_shop_s() -> None:
    assert OF_CUSTOMERS.keys() | OF_SHOP.keys() == OF_ONE_ORDER.keys()
    assert len(OF_CUSTOMERS) >= 4
    assert len(OF_SHOP) >= 3


def test_lists_hold_only_the_customer_s_orders(api: Api) -> None:
    made = sold(api)
    assert [item["id"] for item in body(signed_in(api, ANN).get("/api/orders"))["items"]] == [str(made.order.id)]
    assert body(signed_in(api, EVE).get("/api/orders"))["items"] == []


def test_nothing_is_ordered_with_another_customer_s_quote_or_to_another_s_address(api: Api) -> None:
    ann, eve = signed_in(api, ANN), signed_in(api, EVE)
    postal = {"name": "Ann", "line1": "1 Main", "city": "New York", "region": "NY", "postalCode": "10001"}
    address = body(ann.post("/api/addresses", json={**postal, "country": "US"}))["id"]
    with api.deps.database.transaction() as connection:
        owners = [customers.by_email(connection, email) for email in (ANN, EVE)]
        hers, own = (rows.add_quote(connection, owner, []) for owner in owners if owner)
    for quote, sent in ((hers.id, {"shipTo": {**postal, "country": "US"}}), (own.id, {"addressId": address})):
        placed = eve.post("/api/orders", json={"quoteId": str(quote), **sent}, headers={"Idempotency-Key": str(quote)})
        refused(placed, 404, "not_found")
