"""The shop finds any order, and sees who did what to it."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.db import customers
from shared.models.order import Order, PaymentStatus, ProductionStatus
from shared.models.owner import Scope
from tests.services.api.client import body, refused
from tests.services.api.conftest import Api
from tests.services.api.customers import with_key
from tests.services.api.orders import rows

PATH = "/api/admin/orders"


@pytest.fixture
def shop(api: Api) -> FlaskClient:
    return with_key(api, Scope.ORDERS)


def _order(api: Api, email: str, recipient: str = "Ann Lee", **facts: Any) -> Order:
    with api.deps.database.transaction() as connection:
        made = rows.order(connection, customer=rows.add_customer(connection, email), **facts)
        connection.execute(
            "update orders set ship_to = jsonb_set(ship_to, '{name}', to_jsonb(%s::text)) where id = %s",
            [recipient, made.id],
        )
        return rows.found(connection, made.id)


def _listed(client: FlaskClient, **query: str) -> list[str]:
    return [item["orderNumber"] for item in body(client.get(PATH, query_string=query))["items"]]


def test_orders_of_all_customers_are_listed_newest_first_by_status(api: Api, shop: FlaskClient) -> None:
    first, second = _order(api, "ann@shop.example"), _order(api, "bert@shop.example", review="amount")
    with api.deps.database.transaction() as connection:
        rows.paid(connection, first, production="printing")
    assert _listed(shop) == [second.order_number, first.order_number]
    assert _listed(shop, paymentStatus="paid") == [first.order_number]
    assert _listed(shop, paymentStatus="review") == [second.order_number]
    assert _listed(shop, productionStatus="printing", paymentStatus="paid") == [first.order_number]
    assert _listed(shop, productionStatus="printing", paymentStatus="unpaid") == []
    page = body(shop.get(f"{PATH}?limit=1"))
    assert [item["review"] for item in page["items"]] == ["amount"]
    assert _listed(shop, limit="1", cursor=page["nextCursor"]) == [first.order_number]


def test_orders_are_counted_by_status(api: Api, shop: FlaskClient) -> None:
    first, _ = _order(api, "ann@shop.example"), _order(api, "bert@shop.example", review="amount")
    with api.deps.database.transaction() as connection:
        rows.paid(connection, first, production="printing")
    counts = body(shop.get(f"{PATH}/counts"))
    assert counts["payment"] == dict.fromkeys(PaymentStatus, 0) | {"paid": 1, "review": 1}
    assert counts["production"] == dict.fromkeys(ProductionStatus, 0) | {"printing": 1, "waiting": 1}
    assert counts["most"] == 1000


def test_orders_are_found_by_number_address_and_recipient(api: Api, shop: FlaskClient) -> None:
    ann = _order(api, "ann@shop.example", "Ann Lee")
    bert = _order(api, "Bert@shop.example", "100% Bert_o'Neil")
    for words in (ann.order_number, ann.order_number.lower().replace("-", ""), "ANN@shop.example", "ann l", "ANN"):
        assert _listed(shop, q=words) == [ann.order_number], words
    for words in ("bert@SHOP.example", "100% bert_o'"):
        assert _listed(shop, q=words) == [bert.order_number], words
    for words in ("%%", "100_", "Lee", "carl@shop.example", "ST-0000-0000", "\\\\"):
        assert _listed(shop, q=words) == [], words
    assert _listed(shop, q="ann", paymentStatus="paid") == []


def test_an_order_is_shown_with_its_customer_and_who_did_what(api: Api, shop: FlaskClient) -> None:
    order = _order(api, "ann@shop.example")
    shown = body(shop.get(f"{PATH}/{order.order_number}"))
    assert shown == body(shop.get(f"{PATH}/{order.id}"))
    assert (shown["email"], shown["dispute"], shown["heldFor"]) == ("ann@shop.example", "none", None)
    (placed,) = shown["history"]
    assert (placed["what"], placed["actor"], placed["facts"]) == ("placed", "customer", {})
    refused(shop.get(f"{PATH}/ST-0000-0000"), 404, "not_found")
    with api.deps.database.transaction() as connection:
        customer = customers.find(connection, order.customer_id)
        assert customer is not None
        customers.erase(connection, customer)
    assert body(shop.get(f"{PATH}/{order.id}"))["email"] is None


def test_the_shop_cancels_an_order_that_is_not_printed_also_when_its_customer_has_gone(
    api: Api, shop: FlaskClient
) -> None:
    order = _order(api, "ann@shop.example")
    with api.deps.database.transaction() as connection:
        rows.paid(connection, order)
        rows.change(connection, order.id, refunded_cents=order.total_cents)
        customer = customers.find(connection, order.customer_id)
        assert customer is not None
        customers.erase(connection, customer)
    path, headers = f"{PATH}/{order.id}/cancel", {"Idempotency-Key": "1"}
    cancelled, again = (body(shop.post(path, headers=headers)) for _ in range(2))
    assert cancelled == again
    assert (cancelled["productionStatus"], cancelled["history"][-1]["what"]) == ("cancelled", "cancelled")
    assert cancelled["history"][-1]["actor"] not in ("customer", "shop")


def test_the_shop_cancels_no_order_that_is_printed_or_unknown(api: Api, shop: FlaskClient) -> None:
    order = _order(api, "ann@shop.example")
    with api.deps.database.transaction() as connection:
        rows.paid(connection, order, production="printing")
    path, headers = f"{PATH}/{order.id}/cancel", {"Idempotency-Key": "1"}
    refused(shop.post(path, headers=headers), 409, "in_production")
    refused(shop.post(path), 400, "idempotency_key_missing")
    refused(shop.post(f"{PATH}/{order.customer_id}/cancel", headers=headers), 404, "not_found")
