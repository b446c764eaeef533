"""Prices over HTTP: the public list, the price of a cart, and what a cart is refused for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api.pricing.default_list import DEFAULT
from shared.db import assets, designs, discounts, ids, price_lists, quotes
from shared.models.design import Design, Placement
from shared.models.owner import Owner, OwnerType
from shared.models.print_check import PrintMethod
from tests.services.api.client import bearer, body, refused, upload
from tests.services.api.conftest import Api, Start
from tests.services.api.pricing import carts
from tests.shared.db import catalogue
from tests.shared.db.rows import digest, run


@pytest.fixture
def product(api: Api) -> UUID:
    """SKUs `heavy-tee-S`, `-M` and `-L`, at 19.00."""
    return catalogue.tee(api.deps.database)


def _ask(client: FlaskClient, *items: dict[str, Any], **fields: Any) -> TestResponse:
    return client.post("/api/price", json={"items": items, "country": "US", **fields})


def _item(size: str = "M", quantity: int = 1, *design_ids: str) -> dict[str, Any]:
    return {"sku": f"heavy-tee-{size}", "quantity": quantity, "designIds": list(design_ids)}


def _price(client: FlaskClient, *items: dict[str, Any], **fields: Any) -> dict[str, Any]:
    response = _ask(client, *items, **fields)
    assert response.status_code == 200, response.text
    return body(response)


def _owner(client: FlaskClient) -> Owner:
    return Owner(OwnerType.GUEST, digest(bearer(client)["Authorization"].removeprefix("Bearer ")))


def _design(api: Api, client: FlaskClient, product: UUID, *placements: str) -> str:
    """A design of one picture on these placements, 200 mm wide and 150 mm high, by DTG."""
    picture = run(api.deps.database, assets.find, None, UUID(upload(client)["id"]))
    assert picture
    placed = tuple(Placement(name, picture.id, PrintMethod.DTG, 0, 0, 200_000, (640, 480)) for name in placements)
    now = datetime.now(UTC)
    made = Design(ids.new(), _owner(client), product, "Party", "1c1c1f", placed, now, now)
    run(api.deps.database, designs.add, made)
    return str(made.id)


# The list


def test_the_list_is_that_of_the_project_until_the_shop_sets_its_own(api: Api, guest: FlaskClient) -> None:
    shown = body(guest.get("/api/prices"))
    assert (shown["version"], shown["currency"]) == (0, "usd")
    assert shown["methods"].keys() == set(PrintMethod)
    assert shown["taxes"][-1] == {"place": "RO", "since": "2025-08-01", "rateBp": 2100}
    run(api.deps.database, price_lists.add, 0, replace(DEFAULT, breaks=(), taxes=()), "ann")
    shown = body(guest.get("/api/prices", headers={"Cache-Control": "no-cache"}))
    assert (shown["version"], shown["breaks"], shown["taxes"]) == (1, [], [])


def test_the_list_may_be_kept_by_any_cache_for_five_minutes(api: Api, guest: FlaskClient) -> None:
    first = guest.get("/api/prices")
    for header in ("Cache-Control", "CDN-Cache-Control"):
        assert first.headers[header] == "public, max-age=300, stale-while-revalidate=600"
    tag = {"If-None-Match": first.headers["ETag"]}
    assert guest.get("/api/prices", headers=tag).status_code == 304
    run(api.deps.database, price_lists.add, 0, replace(DEFAULT, breaks=()), "ann")
    assert guest.get("/api/prices", headers=tag | {"Cache-Control": "no-cache"}).status_code == 200


def test_the_list_makes_nobody_a_guest(api: Api) -> None:
    assert "Set-Cookie" not in api.guest().get("/api/prices").headers


# The price of a cart


def test_a_price_is_itemised(api: Api, guest: FlaskClient, product: UUID) -> None:
    run(api.deps.database, catalogue.area, product, placement="back")
    design = _design(api, guest, product, "front", "back")
    price = _price(guest, _item("M", 10, design), country="FI", postalCode="00100")
    printed = {"method": "dtg", "widthMm": 200, "heightMm": 150, "cents": 350 + 180}
    assert price.pop("items") == [
        {
            "sku": "heavy-tee-M",
            "title": "Heavyweight tee",
            "color": "Black",
            "size": "M",
            "designIds": [design],
            "quantity": 10,
            "garmentCents": 1900,
            "prints": [printed, printed],
            "breakBp": 500,
            "unitCents": 2812,
            "discountCents": 0,
            "taxRateBp": 2550,
            "taxCents": 7171,
            "totalCents": 35_291,
        }
    ]
    shipping = price.pop("shipping")
    assert shipping == {"zone": "Europe", "weightG": 1800, "cents": 3100, "taxRateBp": 2550, "taxCents": 791}
    expires_at = datetime.fromisoformat(price.pop("expiresAt"))
    assert timedelta(minutes=29) < expires_at - datetime.now(UTC) <= timedelta(minutes=30)
    assert UUID(price.pop("quoteId")).version == 7
    assert price == {
        "subtotalCents": 28_120,
        "discountCents": 0,
        "shippingCents": 3100,
        "taxCents": 7962,
        "totalCents": 39_182,
        "currency": "usd",
    }


def test_a_price_is_stored_for_its_caller_and_can_be_used_once(api: Api, guest: FlaskClient, product: UUID) -> None:
    response = _ask(guest, _item(), discountCode=None)
    price = body(response)
    assert response.headers["Cache-Control"] == "no-store"
    quote = run(api.deps.database, quotes.use, _owner(guest), UUID(price["quoteId"]))
    assert quote.charges.total_cents == price["totalCents"]
    assert (quote.currency, quote.price_version, quote.discount_code) == ("usd", 0, None)


def test_a_first_price_makes_a_guest_and_a_refused_one_does_not(api: Api, product: UUID) -> None:
    assert "X-Session-Token" in _ask(api.guest(), _item()).headers
    refused(_ask(api.guest(), _item("XXL")), 422, "unknown_sku")


def test_the_newest_list_and_currency_count(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CURRENCY", "eur")
    api = start()
    catalogue.tee(api.deps.database)
    run(api.deps.database, price_lists.add, 0, replace(DEFAULT, zones=DEFAULT.zones[:1]), "ann")
    guest = api.guest()
    price = _price(guest, _item())
    assert price["currency"] == "eur"
    quote = run(api.deps.database, quotes.use, _owner(guest), UUID(price["quoteId"]))
    assert (quote.currency, quote.price_version) == ("eur", 1)
    assert body(guest.get("/api/prices"))["currency"] == "eur"
    refused(_ask(guest, _item(), country="DE"), 422, "not_shipped_there")


def test_a_cart_costs_the_same_in_any_order(api: Api, guest: FlaskClient, product: UUID) -> None:
    design = _design(api, guest, product, "front")
    items = [_item("S", 3, design), _item("M", 7), _item("L", 1, design), _item("M", 2)]
    price, other = _price(guest, *items), _price(guest, *items[::-1])
    for changing in ("quoteId", "expiresAt"):
        del price[changing], other[changing]
    assert price == other
    assert [(item["sku"][-1], item["quantity"]) for item in price["items"]] == [("L", 1), ("M", 9), ("S", 3)]


def test_a_discount_code_counts_in_any_case(api: Api, guest: FlaskClient, product: UUID) -> None:
    run(api.deps.database, discounts.put, carts.discount(off_bp=1000))
    price = _price(guest, _item(quantity=2), discountCode=" autumn ")
    assert (price["subtotalCents"], price["discountCents"]) == (3800, 380)
    quote = run(api.deps.database, quotes.use, _owner(guest), UUID(price["quoteId"]))
    assert quote.discount_code == "AUTUMN"
    found = run(api.deps.database, discounts.find, "AUTUMN")
    assert found
    assert found.uses == 1


# Refusals


def test_an_unknown_code_is_refused(guest: FlaskClient, product: UUID) -> None:
    details = refused(_ask(guest, _item(), discountCode="NO SUCH"), 422, "discount_refused")
    assert details == {"reason": "unknown"}


def test_a_code_below_its_minimum_says_what_is_missing(api: Api, guest: FlaskClient, product: UUID) -> None:
    run(api.deps.database, discounts.put, carts.discount(off_cents=100, minimum_cents=1901))
    details = refused(_ask(guest, _item(), discountCode="AUTUMN"), 422, "discount_refused")
    assert details == {"reason": "below_minimum", "minimumCents": 1901}
    assert _price(guest, _item("L", 2), discountCode="AUTUMN")["discountCents"] == 100


def test_what_is_not_sold_has_no_price(api: Api, guest: FlaskClient, product: UUID) -> None:
    assert refused(_ask(guest, _item(), _item("XXL")), 422, "unknown_sku") == {"sku": "heavy-tee-XXL"}
    with api.deps.database.transaction() as connection:
        connection.execute("update variants set archived_at = now() where size = 'M'")
    refused(_ask(guest, _item("M")), 422, "unknown_sku")
    _price(guest, _item("L"))
    with api.deps.database.transaction() as connection:
        connection.execute("update products set status = 'draft'")
    refused(_ask(guest, _item("L")), 422, "unknown_sku")


def test_a_place_outside_all_zones_is_refused(guest: FlaskClient, product: UUID) -> None:
    assert refused(_ask(guest, _item(), country="BR"), 422, "not_shipped_there") == {"country": "BR"}


def test_a_total_that_cannot_be_paid_is_refused(api: Api, guest: FlaskClient, product: UUID) -> None:
    with api.deps.database.transaction() as connection:
        connection.execute("update variants set price_cents = 1000000000")
    details = refused(_ask(guest, _item(quantity=1000)), 422, "total_out_of_range")
    assert details["mostCents"] == 99_999_999


def test_another_s_design_or_that_of_another_product_is_refused(api: Api, guest: FlaskClient, product: UUID) -> None:
    other = api.guest()
    design = _design(api, other, product, "front")
    assert _price(other, _item("M", 1, design))["items"][0]["designIds"] == [design]
    assert refused(_ask(guest, _item("M", 1, design)), 404, "not_found") == {"designId": design}
    catalogue.tee(api.deps.database, "hoodie")
    item = _item("M", 1, design) | {"sku": "hoodie-M"}
    assert refused(_ask(other, item), 400, "invalid_request") == {"designId": design}


def test_a_design_wider_than_the_film_is_refused(api: Api, guest: FlaskClient, product: UUID) -> None:
    design = _design(api, guest, product, "front")
    with api.deps.database.transaction() as connection:
        connection.execute("update design_placements set method = 'dtf', width_um = 900000")
        connection.execute("update print_areas set methods = array['dtf'], width_um = 1000000, height_um = 1000000")
    refused(_ask(guest, _item("M", 1, design)), 422, "does_not_fit")


def test_a_design_that_cannot_be_printed_is_refused(api: Api, guest: FlaskClient, product: UUID) -> None:
    design = _design(api, guest, product, "front")
    with api.deps.database.transaction() as connection:
        connection.execute("update print_areas set width_um = 150000")
    assert refused(_ask(guest, _item("M", 1, design)), 422, "not_printable") == {"designId": design}


_TWICE = [str(UUID(int=1))] * 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"items": []},
        {"items": [_item()] * 51},
        {"items": [_item(quantity=0)]},
        {"items": [_item(quantity=1001)]},
        {"items": [_item(quantity=600), _item(quantity=401)]},
        {"items": [_item() | {"quantity": "1"}]},
        {"items": [_item() | {"quantity": 1.5}]},
        {"items": [_item() | {"sku": "a\0b"}]},
        {"items": [_item() | {"designIds": _TWICE}]},
        {"items": [_item() | {"colour": "red"}]},
        {"country": "us"},
        {"country": "USA"},
        {"postalCode": "1\0"},
        {"discountCode": "\0"},
        {"discountCode": ""},
        {"country": None},
        {"tax": 0},
    ],
)
def test_a_cart_that_is_none_is_refused(guest: FlaskClient, product: UUID, wrong: dict[str, Any]) -> None:
    cart = {"items": [_item()], "country": "US", **wrong}
    refused(guest.post("/api/price", json=cart), 400, "invalid_request")
