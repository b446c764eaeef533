"""Orders over HTTP: placed once, listed and shown to their customer alone."""

from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.services.api.client import body, refused
from tests.services.api.conftest import Api
from tests.services.api.customers import signed_in
from tests.shared.db import catalogue

PATH = "/api/orders"
SHIP_TO = {
    "name": "Ann Lee",
    "line1": "1 Main Street",
    "city": "New York",
    "region": "NY",
    "postalCode": "10001",
    "country": "US",
}


@pytest.fixture
def ann(api: Api) -> FlaskClient:
    """A customer of a shop that sells `heavy-tee-M`, of which 7 are left."""
    catalogue.tee(api.deps.database)
    return signed_in(api, "ann@shop.example")


def quoted(client: FlaskClient, quantity: int = 1, **fields: Any) -> str:
    cart = {"items": [{"sku": "heavy-tee-M", "quantity": quantity}], "country": "US", "postalCode": "10001"}
    return str(body(client.post("/api/price", json=cart | fields))["quoteId"])


def place(client: FlaskClient, key: str = "", **sent: Any) -> TestResponse:
    return client.post(PATH, json=sent, headers={"Idempotency-Key": key or str(uuid4())})


def placed(client: FlaskClient, quantity: int = 1) -> dict[str, Any]:
    response = place(client, quoteId=quoted(client, quantity), shipTo=SHIP_TO)
    assert response.status_code == 201, response.text
    return body(response)


def test_an_order_says_what_was_ordered_and_what_it_costs(ann: FlaskClient) -> None:
    order = placed(ann, 2)
    assert body(ann.get(f"{PATH}/{order['id']}")) == order
    (item,) = order["items"]
    assert (item["sku"], item["quantity"], item["unitCents"], item["colorHex"]) == ("heavy-tee-M", 2, 1900, "1c1c1f")
    totals = order["totals"]
    assert (totals["subtotalCents"], totals["receivedCents"], totals["currency"]) == (3800, 0, "usd")
    assert totals["totalCents"] == 3800 + totals["shippingCents"] + totals["taxCents"]
    assert (order["paymentStatus"], order["productionStatus"], order["test"]) == ("unpaid", "waiting", True)
    assert order["shipTo"] == {**SHIP_TO, "line2": "", "phone": ""}
    assert [step["what"] for step in order["history"]] == ["placed"]
    assert (order["version"], order["paidAt"]) == (1, None)
    assert order["holdUntil"] > order["createdAt"]


def test_an_order_is_found_by_id_and_by_number_as_people_type_it(ann: FlaskClient) -> None:
    order = placed(ann)
    typed = order["orderNumber"].lower().replace("-", " ").replace("0", "o").replace("1", "l")
    for key in (order["id"], order["orderNumber"], typed):
        assert body(ann.get(f"{PATH}/{key}")) == order


def test_orders_are_listed_newest_first_page_by_page_and_by_status(ann: FlaskClient) -> None:
    made = [placed(ann)["id"] for _ in range(3)]
    first = body(ann.get(f"{PATH}?limit=2"))
    second = body(ann.get(f"{PATH}?limit=2&cursor={first['nextCursor']}"))
    assert [order["id"] for order in (*first["items"], *second["items"])] == made[::-1]
    assert second["nextCursor"] is None
    assert body(ann.get(f"{PATH}?paymentStatus=paid"))["items"] == []
    assert len(body(ann.get(f"{PATH}?paymentStatus=unpaid"))["items"]) == 3


def test_another_customer_s_order_does_not_exist(api: Api, ann: FlaskClient) -> None:
    order = placed(ann)
    bert = signed_in(api, "bert@shop.example")
    for key in (order["id"], order["orderNumber"], "ST-0000-0000", "nonsense"):
        refused(bert.get(f"{PATH}/{key}"), 404, "not_found")
    assert body(bert.get(PATH))["items"] == []
    refused(place(bert, quoteId=quoted(ann), shipTo=SHIP_TO), 404, "not_found")
    refused(api.guest().get(PATH), 401, "unauthorized")


def test_a_guest_s_quote_is_ordered_once_the_guest_has_signed_in(api: Api, ann: FlaskClient) -> None:
    refused(place(api.guest(), quoteId=quoted(ann), shipTo=SHIP_TO), 401, "unauthorized")


def test_an_order_goes_to_one_of_the_customer_s_addresses(api: Api, ann: FlaskClient) -> None:
    address = body(ann.post("/api/addresses", json=SHIP_TO))["id"]
    order = body(place(ann, quoteId=quoted(ann), addressId=address))
    assert order["shipTo"]["line1"] == "1 Main Street"
    bert = signed_in(api, "bert@shop.example")
    refused(place(bert, quoteId=quoted(bert), addressId=address), 404, "not_found")


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"shipTo": SHIP_TO, "addressId": str(uuid4())},
        {"shipTo": SHIP_TO, "totalCents": 1},
        {"shipTo": SHIP_TO, "customerId": str(uuid4())},
        {"shipTo": SHIP_TO, "paidAt": "2026-01-01T00:00:00Z"},
        {"shipTo": {**SHIP_TO, "country": "USA"}},
    ],
)
def test_an_order_takes_an_address_and_nothing_that_the_shop_decides(ann: FlaskClient, sent: dict[str, Any]) -> None:
    """D2."""
    refused(place(ann, quoteId=quoted(ann), **sent), 400, "invalid_request")


def test_refusals_name_what_is_wrong_and_leave_the_quote_unused(ann: FlaskClient) -> None:
    quote = quoted(ann, 8)
    assert refused(place(ann, quoteId=quote, shipTo=SHIP_TO), 409, "out_of_stock") == {"heavy-tee-M": 7}
    assert refused(place(ann, quoteId=quote, shipTo=SHIP_TO), 409, "out_of_stock") == {"heavy-tee-M": 7}
    wrong = {**SHIP_TO, "postalCode": "none"}
    assert refused(place(ann, quoteId=quote, shipTo=wrong), 422, "bad_address") == {"field": "postalCode"}
    quote = quoted(ann, 7)
    assert place(ann, quoteId=quote, shipTo=SHIP_TO).status_code == 201
    refused(place(ann, quoteId=quote, shipTo=SHIP_TO), 409, "quote_used")


# Idempotency


@pytest.mark.parametrize("key", [None, "", "x" * 256])
def test_an_order_needs_a_key(ann: FlaskClient, key: str | None) -> None:
    """H5."""
    headers = {} if key is None else {"Idempotency-Key": key}
    code = "idempotency_key_missing" if key is None else "invalid_request"
    refused(ann.post(PATH, json={"quoteId": quoted(ann), "shipTo": SHIP_TO}, headers=headers), 400, code)


def test_a_repeat_gets_the_first_response(ann: FlaskClient) -> None:
    sent = {"quoteId": quoted(ann), "shipTo": SHIP_TO}
    first, second = place(ann, "key", **sent), place(ann, "key", **sent)
    assert (second.status_code, body(second)) == (201, body(first))
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(body(ann.get(PATH))["items"]) == 1


def test_a_key_belongs_to_one_request_of_one_customer(api: Api, ann: FlaskClient) -> None:
    """H2."""
    place(ann, "key", quoteId=quoted(ann), shipTo=SHIP_TO)
    refused(place(ann, "key", quoteId=quoted(ann), shipTo=SHIP_TO), 422, "key_reused")
    bert = signed_in(api, "bert@shop.example")
    assert place(bert, "key", quoteId=quoted(bert), shipTo=SHIP_TO).status_code == 201


def test_a_refused_order_releases_its_key(ann: FlaskClient) -> None:
    """H4."""
    sent = {"quoteId": quoted(ann), "shipTo": SHIP_TO}
    refused(place(ann, "key", **sent, addressId=str(uuid4())), 400, "invalid_request")
    assert place(ann, "key", **sent).status_code == 201
