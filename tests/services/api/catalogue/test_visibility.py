"""Whoever changes the catalogue sees the change with the next request, on every public page."""

from typing import Any

from flask.testing import FlaskClient

from tests.services.api.catalogue.conftest import Admin
from tests.services.api.client import body


def _item(guest: FlaskClient) -> dict[str, Any] | None:
    items = body(guest.get("/api/products"))["items"]
    return items[0] if items else None


def _shown(guest: FlaskClient) -> dict[str, Any]:
    return body(guest.get("/api/products/heavy-tee"))


def test_a_new_product_a_change_and_its_end_are_seen_at_once(admin: Admin, guest: FlaskClient) -> None:
    assert _item(guest) is None
    product = admin.create()
    item = _item(guest)
    assert item is not None
    assert item["fromCents"] == _shown(guest)["fromCents"] == 2490
    assert body(guest.get("/api/facets"))["categories"] == [{"category": "t-shirts", "products": 1}]
    product = body(admin.change(product, title="Light T-shirt"))
    assert _shown(guest)["title"] == "Light T-shirt"
    assert body(guest.get("/api/products?q=light"))["items"]
    admin.change(product, status="archived")
    assert _item(guest) is None
    assert guest.get("/api/products/heavy-tee").status_code == 404
    assert body(guest.get("/api/facets"))["categories"] == []


def test_stock_that_an_admin_moves_is_seen_at_once(admin: Admin, guest: FlaskClient) -> None:
    variants = admin.create()["variants"]
    assert [variant["inStock"] for variant in _shown(guest)["variants"]] == [True, True]
    admin.move(variants[0]["id"], -40)
    assert [variant["inStock"] for variant in _shown(guest)["variants"]] == [False, True]
    admin.move(variants[1]["id"], -40)
    item = _item(guest)
    assert item is not None
    assert not item["inStock"]


def test_an_import_is_seen_at_once(admin: Admin, guest: FlaskClient) -> None:
    admin.create()
    assert _shown(guest)["title"] == "Heavyweight T-shirt"
    assert admin.import_csv(admin.export().replace("Heavyweight", "Light")).status_code == 200
    assert _shown(guest)["title"] == "Light T-shirt"
