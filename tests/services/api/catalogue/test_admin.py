"""Products made and changed by admins, one version after the other."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from shared.db import products
from tests.services.api.catalogue.conftest import PRODUCTS, TEE, Admin
from tests.services.api.client import body, refused
from tests.services.api.conftest import Api


def test_a_product_is_made_as_it_was_sent(admin: Admin) -> None:
    made = admin.create()
    assert {name: made[name] for name in TEE.keys() - {"variants"}} == {
        name: value for name, value in TEE.items() if name != "variants"
    }
    assert [{**variant, "id": None} for variant in made["variants"]] == [
        {**variant, "id": None} for variant in TEE["variants"]
    ]
    assert (made["version"], made["fromCents"]) == (1, 2490)
    assert admin.get(f"{PRODUCTS}/{made['id']}") == made


def test_it_is_a_draft_unless_it_says_otherwise(admin: Admin) -> None:
    assert admin.create(status="draft")["status"] == "draft"
    sparse = {name: TEE[name] for name in ("title", "category", "variants")}
    variants = [{**variant, "sku": f"X-{variant['sku']}"} for variant in TEE["variants"]]
    made = body(admin.send("POST", PRODUCTS, json={**sparse, "slug": "plain", "variants": variants}))
    assert (made["status"], made["description"], made["printAreas"]) == ("draft", "", [])


def test_a_change_touches_only_what_it_names(admin: Admin) -> None:
    before = admin.create()
    after = body(admin.change(before, title="Light T-shirt"))
    assert after == {**before, "title": "Light T-shirt", "version": 2, "updatedAt": after["updatedAt"]}


def test_what_is_there_already_is_no_change(admin: Admin) -> None:
    before = admin.create()
    known = {name: value for name, value in TEE.items() if name != "variants"}
    assert body(admin.change(before, **known, variants=TEE["variants"])) == before
    assert body(admin.change(before)) == before


def test_variants_are_added_and_changed_by_their_sku(admin: Admin) -> None:
    before = admin.create()
    medium, large = ({**variant, "stock": 1} for variant in TEE["variants"])
    extra = {**medium, "sku": "HT-RED-M", "color": "Red", "colorHex": "B3202C", "priceCents": 1990}
    after = body(admin.change(before, variants=[{**large, "archived": True, "priceCents": 2690}, extra]))
    assert [(v["sku"], v["priceCents"], v["archived"], v["stock"]) for v in after["variants"]] == [
        ("HT-BLK-M", 2490, False, 40),
        ("HT-BLK-L", 2690, True, 40),  # moves alone change the stock of a variant that is there
        ("HT-RED-M", 1990, False, 1),
    ]
    assert after["variants"][2]["colorHex"] == "b3202c"
    assert after["fromCents"] == 1990
    back = body(admin.change(after, variants=[large]))
    assert [variant["archived"] for variant in back["variants"]] == [False, False, False]


def test_print_areas_replace_those_before(admin: Admin) -> None:
    before = admin.create()
    back = {"placement": "back", "widthMm": 305.5, "heightMm": 406, "methods": ["screen"], "garment": None}
    after = body(admin.change(before, printAreas=[back]))
    assert after["printAreas"] == [back]
    assert body(admin.change(after, printAreas=[]))["printAreas"] == []


def test_a_change_from_an_old_version_is_refused(admin: Admin) -> None:
    before = admin.create()
    assert admin.change(before, title="First").status_code == 200
    refused(admin.change(before, title="Second"), 412, "changed")
    assert admin.get(f"{PRODUCTS}/{before['id']}")["title"] == "First"
    missing = admin.send("PATCH", f"{PRODUCTS}/{before['id']}", json={"title": "Third"})
    refused(missing, 400, "invalid_request")


def test_of_changes_at_once_from_one_version_one_is_made(admin: Admin) -> None:
    before = admin.create()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: admin.change(before, title=f"Title {number}").status_code, range(8)))
    assert sorted(answers) == [200] + [412] * 7


def test_an_archived_product_is_listed_as_such(admin: Admin) -> None:
    made = admin.create()
    assert [item["id"] for item in admin.get(PRODUCTS)["items"]] == [made["id"]]
    admin.change(made, status="archived")
    assert admin.get(PRODUCTS)["items"] == []
    listed = admin.get(f"{PRODUCTS}?status=archived")["items"]
    assert [(item["slug"], item["version"]) for item in listed] == [("heavy-tee", 2)]


def test_lists_are_read_in_pages(admin: Admin) -> None:
    for number in range(3):
        admin.create(slug=f"tee-{number}", variants=[{**TEE["variants"][0], "sku": f"S-{number}"}])
    first = admin.get(f"{PRODUCTS}?limit=2")
    second = admin.get(f"{PRODUCTS}?limit=2&cursor={first['nextCursor']}")
    assert [item["slug"] for page in (first, second) for item in page["items"]] == ["tee-2", "tee-1", "tee-0"]


CLASHES: dict[str, tuple[dict[str, Any], str]] = {
    "slug": ({"variants": [{**TEE["variants"][0], "sku": "NEW"}]}, "slug_taken"),
    "sku of another product": ({"slug": "other"}, "sku_taken"),
    "sku twice": ({"slug": "other", "variants": [{**TEE["variants"][0], "sku": "NEW"}] * 2}, "sku_taken"),
    "color and size twice": (
        {"slug": "other", "variants": [{**TEE["variants"][0], "sku": sku} for sku in ("A", "B")]},
        "variant_taken",
    ),
}


@pytest.mark.parametrize(("changes", "code"), CLASHES.values(), ids=CLASHES)
def test_what_is_taken_is_refused(admin: Admin, changes: dict[str, Any], code: str) -> None:
    admin.create()
    refused(admin.send("POST", PRODUCTS, json=TEE | changes), 409, code)
    assert len(admin.get(PRODUCTS)["items"]) == 1


def test_a_change_cannot_take_what_another_has(admin: Admin) -> None:
    admin.create()
    other = admin.create(slug="other", variants=[{**TEE["variants"][0], "sku": "O-M"}])
    refused(admin.change(other, slug="heavy-tee"), 409, "slug_taken")
    refused(admin.change(other, variants=TEE["variants"]), 409, "sku_taken")
    alike = {**TEE["variants"][0], "sku": "O-N"}
    refused(admin.change(other, variants=[alike]), 409, "variant_taken")
    assert body(admin.change(other, slug="renamed"))["slug"] == "renamed"


def test_two_variants_that_change_places_are_refused(admin: Admin) -> None:
    made = admin.create()
    medium, large = TEE["variants"]
    refused(admin.change(made, variants=[{**medium, "size": "L"}, {**large, "size": "M"}]), 409, "variant_taken")


WRONG: dict[str, dict[str, Any]] = {
    "no variants": {"variants": []},
    "a slug with capitals": {"slug": "Heavy-Tee"},
    "a slug with a line end": {"slug": "heavy-tee\n"},
    "a title of spaces": {"title": "  "},
    "a title with a line end": {"title": "two\nlines"},
    "a status that is none": {"status": "sold"},
    "a garment that is not drawn": {"printAreas": [{**TEE["printAreas"][0], "garment": "kilt"}]},
    "no method": {"printAreas": [{**TEE["printAreas"][0], "methods": []}]},
    "a price of nothing": {"variants": [{**TEE["variants"][0], "priceCents": 0}]},
    "a price with decimals": {"variants": [{**TEE["variants"][0], "priceCents": 24.9}]},
    "stock below zero": {"variants": [{**TEE["variants"][0], "stock": -1}]},
    "a picture that is a script": {"pictures": [{"url": "javascript:alert(1)", "alt": "x"}]},
    "a picture of another scheme's host": {"pictures": [{"url": "//evil.example/x.png", "alt": "x"}]},
    "an unknown field": {"colour": "red"},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_what_is_not_valid_is_refused(admin: Admin, changes: dict[str, Any]) -> None:
    refused(admin.send("POST", PRODUCTS, json=TEE | changes), 400, "invalid_request")


def test_a_product_that_is_not_there_is_not_found(admin: Admin) -> None:
    refused(admin.send("GET", f"{PRODUCTS}/{uuid4()}"), 404, "not_found")
    refused(admin.change({"id": uuid4(), "version": 1}, title="x"), 404, "not_found")


def test_each_write_renews_the_version_of_the_catalogue(api: Api, admin: Admin) -> None:
    def version() -> str:
        with api.deps.database.transaction() as connection:
            return products.catalogue_version(connection)

    versions = [version()]
    made = admin.create()
    versions.append(version())
    admin.change(made, title="Another")
    versions.append(version())
    admin.move(made["variants"][0]["id"], 1)
    versions.append(version())
    assert len(set(versions)) == 4


def test_who_changes_a_product_sees_it_on_the_shop_s_pages_at_once(api: Api, admin: Admin) -> None:
    def shown() -> dict[str, Any]:
        return body(api.guest().get("/api/products/heavy-tee"))

    made = admin.create()
    assert shown()["title"] == "Heavyweight T-shirt"
    changed = body(admin.change(made, title="Light T-shirt"))
    assert shown()["title"] == "Light T-shirt"
    admin.import_csv("slug,sku,title\nheavy-tee,HT-BLK-M,Medium T-shirt\n")
    assert shown()["title"] == "Medium T-shirt"
    variants = [variant["id"] for variant in changed["variants"]]
    assert body(api.guest().get("/api/products"))["items"][0]["inStock"]
    for variant in variants:
        assert admin.move(variant, -40).status_code == 201
    assert not body(api.guest().get("/api/products"))["items"][0]["inStock"]
