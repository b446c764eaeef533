"""What visitors see of the catalogue, and that everyone sees the same."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.db import facets
from shared.db.pool import Database
from tests.services.api.client import body, refused
from tests.services.api.conftest import Api, Start
from tests.shared.db import catalogue

NEWEST = {"Cache-Control": "no-cache"}


@pytest.fixture
def shop(api: Api) -> Database:
    """The database of an api with one product."""
    catalogue.tee(api.deps.database)
    return api.deps.database


def _slugs(client: FlaskClient, query: str = "") -> list[str]:
    return [item["slug"] for item in body(client.get(f"/api/products{query}", headers=NEWEST))["items"]]


def test_a_list_shows_title_price_picture_and_whether_it_is_in_stock(shop: Database, guest: FlaskClient) -> None:
    page = body(guest.get("/api/products"))
    (item,) = page["items"]
    assert item.pop("id")
    assert item == {
        "slug": "heavy-tee",
        "title": "Heavyweight tee",
        "fromCents": 1900,
        "image": {"url": "/garments/tshirt-front/1c1c1f.webp", "alt": "A black T-shirt"},
        "inStock": True,
    }
    assert (page["nextCursor"], page["didYouMean"], page["currency"]) == (None, None, "usd")


def test_a_product_shows_its_variants_size_chart_and_print_areas_in_millimetres(
    shop: Database, guest: FlaskClient
) -> None:
    product = body(guest.get("/api/products/heavy-tee"))
    assert product["printAreas"] == [
        {
            "placement": "front",
            "widthMm": 305.0,
            "heightMm": 406.0,
            "methods": ["dtg", "dtf"],
            "garment": "tshirt-front",
        }
    ]
    assert [variant["size"] for variant in product["variants"]] == list(catalogue.SIZES)
    assert product["variants"][0] == {
        "sku": "heavy-tee-S",
        "color": "Black",
        "colorHex": "1c1c1f",
        "size": "S",
        "priceCents": 1900,
        "weightG": 180,
        "inStock": True,
    }
    assert product["sizeChart"] == [{"size": "S", "mm": {"Chest width": 460.0, "Length": 710.5}}]
    assert (product["category"], product["description"]) == ("t-shirts", "Thick cotton for every day.")


def test_pictures_of_this_api_have_its_public_address(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://shop.example")
    api = start()
    elsewhere = '[{"url": "https://cdn.example/a.webp", "alt": ""}]'
    catalogue.tee(api.deps.database)
    catalogue.tee(api.deps.database, "mug", pictures=elsewhere)
    found = [item["image"]["url"] for item in body(api.guest().get("/api/products"))["items"]]
    assert found == ["https://cdn.example/a.webp", "https://shop.example/garments/tshirt-front/1c1c1f.webp"]


@pytest.mark.parametrize("path", ["/api/products", "/api/products/heavy-tee", "/api/facets"])
def test_prices_are_in_the_currency_of_the_shop(start: Start, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setenv("CURRENCY", "eur")
    api = start()
    catalogue.tee(api.deps.database)
    assert body(api.guest().get(path))["currency"] == "eur"


def test_stock_is_exact_below_twenty_and_never_cached(shop: Database, guest: FlaskClient) -> None:
    with shop.transaction() as connection:
        for size, count in (("S", 0), ("M", 19), ("L", 20)):
            connection.execute("update variants set stock = %s where size = %s", [count, size])
    response = guest.get("/api/products/heavy-tee/stock")
    assert body(response) == {"stock": {"heavy-tee-S": 0, "heavy-tee-M": 19, "heavy-tee-L": "20+"}}
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/api/products/unknown", "/api/products/unknown/stock"])
@pytest.mark.parametrize("times", [1, 2])
def test_an_unknown_product_is_not_found(guest: FlaskClient, path: str, times: int) -> None:
    for _ in range(times):
        refused(guest.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        *(("cursor=forged", "invalid_cursor"), ("cursor=%00", "invalid_cursor")),
        *((f"{name}=%00", "invalid_request") for name in ("q", "color", "size", "category")),
        *((f"{name}={'a' * 101}", "invalid_request") for name in ("q", "color", "size", "category")),
        *(("limit=0", "invalid_request"), ("limit=101", "invalid_request"), ("colour=Red", "invalid_request")),
    ],
)
def test_a_request_that_is_not_valid_is_refused(guest: FlaskClient, query: str, code: str) -> None:
    refused(guest.get(f"/api/products?{query}"), 400, code)


@pytest.mark.parametrize("slug", ["%00", "Heavy-Tee", "a" * 101, "heavy_tee", "%2e%2e"])
def test_a_slug_that_cannot_be_is_refused(guest: FlaskClient, slug: str) -> None:
    refused(guest.get(f"/api/products/{slug}"), 400, "invalid_request")


def test_lists_are_paged_filtered_and_searched(shop: Database, guest: FlaskClient) -> None:
    catalogue.tee(shop, "hood", ("XL",), category="hoodies", title="Warm hoodie", tags="")
    catalogue.tee(shop, "zip", ("XL",), category="hoodies", title="Zip hoodie", tags="")
    first = body(guest.get("/api/products?limit=2"))
    second = body(guest.get(f"/api/products?limit=2&cursor={first['nextCursor']}"))
    assert [item["slug"] for item in first["items"] + second["items"]] == ["zip", "hood", "heavy-tee"]
    assert second["nextCursor"] is None
    assert _slugs(guest, "?category=hoodies&q=warm") == ["hood"]
    assert _slugs(guest, "?color=Black&size=XL") == ["zip", "hood"]
    assert _slugs(guest, "?color=black&size=xl&category=Hoodie") == ["zip", "hood"]
    assert _slugs(guest, "?q=") == _slugs(guest, "?q=the") == ["zip", "hood", "heavy-tee"]


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        *(("hevyweight tee", "heavyweight tee"), ("HEAVYWIGHT", "heavyweight"), ("orgnic", "organic")),
        *(("xylophone", None), ("wool heavyweight", "heavyweight"), ("a b c d e f g", None)),
    ],
)
def test_a_search_that_finds_nothing_offers_one_that_does(
    shop: Database, guest: FlaskClient, asked: str, meant: str | None
) -> None:
    page = body(guest.get("/api/products", query_string={"q": asked}))
    assert (page["items"], page["didYouMean"]) == ([], meant)


def test_no_search_is_offered_that_would_find_nothing_with_the_same_filters(shop: Database, guest: FlaskClient) -> None:
    assert body(guest.get("/api/products?q=orgnic&category=hoodies"))["didYouMean"] is None


def test_facets_count_products_by_category_colour_and_size_from_small_to_large(
    shop: Database, guest: FlaskClient
) -> None:
    hood = catalogue.tee(shop, "hood", ("XL", "S"), category="hoodies")
    catalogue.tee(shop, "old", status="archived")
    with shop.transaction() as connection:
        catalogue.variant(connection, hood, "black", colour_hex="17171a")  # other variants have 1c1c1f
        catalogue.variant(connection, hood, "red", colour="Red", colour_hex="b3202c", size="11 oz")
        catalogue.variant(connection, hood, "gone", colour="Gone", archived_at="2026-01-01")
    assert body(guest.get("/api/facets")) == {
        "currency": "usd",
        "categories": [{"category": "hoodies", "products": 1}, {"category": "t-shirts", "products": 1}],
        "colors": [
            {"color": "Black", "colorHex": "1c1c1f", "products": 2},
            {"color": "Red", "colorHex": "b3202c", "products": 1},
        ],
        "sizes": [
            *({"size": size, "products": count} for size, count in (("S", 2), ("M", 2), ("L", 1), ("XL", 1))),
            {"size": "11 oz", "products": 1},
        ],
    }


def test_words_are_those_of_titles_and_tags_the_most_frequent_first(shop: Database) -> None:
    catalogue.tee(shop, "hood", title="Heavyweight hoodie")
    with shop.transaction() as connection:
        found = facets.words(connection)
    assert found == ["heavyweight", "organic", "unisex", "hoodie", "tee"]


PUBLIC = ("/api/products", "/api/products?q=tee&limit=5", "/api/products/heavy-tee", "/api/facets")


@pytest.mark.parametrize("path", PUBLIC)
def test_every_page_may_be_cached_by_all_and_holds_nothing_of_its_caller(shop: Database, api: Api, path: str) -> None:
    caller = api.guest()
    caller.post("/api/uploads/presign", json={"contentType": "image/png", "bytes": 9})  # has a session now
    responses = [caller.get(path), api.guest().get(path), api.guest().get(path, headers=NEWEST)]
    assert len({response.data for response in responses}) == 1
    for response in responses:
        lasts = "public, max-age=3600, stale-while-revalidate=7200"
        assert response.headers["Cache-Control"] == response.headers["CDN-Cache-Control"] == lasts
        assert response.headers["Vary"] == "Accept-Encoding"
        assert "Set-Cookie" not in response.headers
        assert "X-Session-Token" not in response.headers


def _everything(client: FlaskClient, **options: Any) -> list[bytes]:
    return [client.get(path, **options).data for path in PUBLIC]


def test_the_catalogue_survives_redis_and_the_database(
    shop: Database, api: Api, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _everything(api.guest())
    api.deps.database.close()
    assert _everything(api.guest()) == before
    assert _everything(api.guest(), headers=NEWEST) == before
    refused(api.guest().get("/api/products?limit=7"), 503, "unavailable")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    assert _everything(start().guest()) == before
