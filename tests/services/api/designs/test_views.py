"""Designs over HTTP: placed within print areas, kept, listed, copied, changed and deleted by their owner."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient

from shared.db import products
from tests.services import pictures
from tests.services.api.client import body, cut_out, key_of, refused, upload
from tests.services.api.conftest import Api
from tests.shared.db import catalogue

PATH = "/api/designs"


@pytest.fixture
def product(api: Api) -> UUID:
    """A T-shirt printed on its front by DTG and DTF, 305 x 406 mm."""
    return catalogue.tee(api.deps.database)


def _placement(asset: dict[str, Any], **changes: Any) -> dict[str, Any]:
    front = {"placement": "front", "method": "dtg", "leftMm": 40, "topMm": 30.5, "widthMm": 200}
    return {**front, "assetId": asset["id"], **changes}


def _asked(product: UUID, *placements: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {"productId": str(product), "placements": placements, **others}


def _made(client: FlaskClient, product: UUID, **others: Any) -> dict[str, Any]:
    response = client.post(PATH, json=_asked(product, _placement(upload(client)), **others))
    assert response.status_code == 201, response.text
    return body(response)


def test_a_design_says_where_and_how_each_picture_is_printed(api: Api, guest: FlaskClient, product: UUID) -> None:
    with api.deps.database.transaction() as connection:
        catalogue.area(connection, product, placement="back", garment=None, methods=["screen"])
    first, second = upload(guest, pictures.cutout()), upload(guest)  # ink of 10 x 8 pixels, and 40 x 30
    back = _placement(second, placement="back", method="screen", widthMm=100.1234, rotationDeg=-90)
    made = guest.post(PATH, json=_asked(product, _placement(first), back, name="Party", color="1C1C1F"))
    assert made.status_code == 201
    design = body(made)
    assert (design["name"], design["color"], design["productId"]) == ("Party", "1c1c1f", str(product))
    front, behind = design["placements"]
    assert (front["placement"], front["assetId"], front["method"]) == ("front", first["id"], "dtg")
    assert (front["leftMm"], front["topMm"], front["widthMm"], front["heightMm"]) == (40, 30.5, 200, 160)
    assert (behind["widthMm"], behind["heightMm"], behind["rotationDeg"]) == (100.123, 75.092, 270)
    assert (front["problem"], front["check"], behind["problem"]) == (None, None, None)
    assert key_of(behind["pictureUrl"]) == key_of(second["url"])
    shown = body(guest.get(f"{PATH}/{design['id']}"))
    assert {**shown, "placements": None} == {**design, "placements": None}
    assert [one["assetId"] for one in shown["placements"]] == [first["id"], second["id"]]


def test_what_leaves_the_print_area_is_refused_with_its_bounds(guest: FlaskClient, product: UUID) -> None:
    asset = upload(guest)  # 40 x 30
    wide = _placement(asset, leftMm=2.5, topMm=0, widthMm=300)
    assert guest.post(PATH, json=_asked(product, wide)).status_code == 201
    details = refused(guest.post(PATH, json=_asked(product, {**wide, "leftMm": 5.01})), 422, "outside_print_area")
    assert details == {
        "placement": "front",
        "boundsMm": {"left": 5.01, "top": 0, "right": 305.01, "bottom": 225},
        "areaMm": {"width": 305, "height": 406},
    }


def test_the_turn_counts(guest: FlaskClient, product: UUID) -> None:
    turned = _placement(
        upload(guest), leftMm=2.5, topMm=40, widthMm=300, rotationDeg=90
    )  # 225 x 300 about 152.5, 152.5
    details = refused(guest.post(PATH, json=_asked(product, {**turned, "topMm": 37})), 422, "outside_print_area")
    assert details["boundsMm"] == {"left": 40, "top": -0.5, "right": 265, "bottom": 299.5}
    assert guest.post(PATH, json=_asked(product, turned)).status_code == 201
    refused(guest.post(PATH, json=_asked(product, {**turned, "rotationDeg": 45})), 422, "outside_print_area")


def test_a_placement_and_a_method_must_be_offered(guest: FlaskClient, product: UUID) -> None:
    asset = upload(guest)
    elsewhere = guest.post(PATH, json=_asked(product, _placement(asset, placement="sleeve")))
    assert refused(elsewhere, 422, "not_offered") == {"placement": "sleeve", "placements": ["front"]}
    otherwise = guest.post(PATH, json=_asked(product, _placement(asset, method="screen")))
    assert refused(otherwise, 422, "not_offered") == {"placement": "front", "methods": ["dtg", "dtf"]}


def test_the_colour_is_one_of_the_product_s_and_its_first_by_default(
    api: Api, guest: FlaskClient, product: UUID
) -> None:
    with api.deps.database.transaction() as connection:
        catalogue.variant(connection, product, "white", colour="White", colour_hex="f6f5f2")
        catalogue.variant(connection, product, "old", colour="Red", colour_hex="b0202b", archived_at="2026-01-01")
    design = _made(guest, product)
    assert design["color"] == "1c1c1f"
    offered = ["1c1c1f", "f6f5f2"]
    for color in ("ffffff", "b0202b"):
        placed = _placement({"id": design["placements"][0]["assetId"]})
        made = guest.post(PATH, json=_asked(product, placed, color=color))
        changed = guest.patch(f"{PATH}/{design['id']}", json={"color": color})
        for response in (made, changed):
            assert refused(response, 422, "not_offered") == {"color": color, "colors": offered}
    named = guest.post(PATH, json=_asked(product, _placement({"id": str(uuid4())}), color="black"))
    words = refused(named, 400, "invalid_request")["fields"]["color"]
    assert words == "A colour is six hexadecimal digits, such as 1c1c1f"


def test_pictures_and_products_must_exist_for_the_caller(api: Api, guest: FlaskClient, product: UUID) -> None:
    other = upload(api.guest())
    refused(guest.post(PATH, json=_asked(product, _placement(other))), 404, "not_found")
    own = upload(guest)
    details = refused(guest.post(PATH, json=_asked(uuid4(), _placement(own))), 404, "not_found")
    assert details["fields"].keys() == {"productId"}
    with api.deps.database.transaction() as connection:
        connection.execute("update products set status = 'draft'")
    refused(guest.post(PATH, json=_asked(product, _placement(own))), 404, "not_found")


def test_of_a_cut_out_in_another_form_the_transparent_file_is_printed(
    api: Api, guest: FlaskClient, product: UUID
) -> None:
    whole, on_colour = upload(guest, pictures.cutout()), upload(guest)
    job = cut_out(guest)["id"]
    with api.deps.database.transaction() as connection:
        made = [[whole["id"], on_colour["id"]]]
        connection.execute("update assets set kind = 'cutout', job_id = %s where id = any(%s::uuid[])", [job, *made])
    design = body(guest.post(PATH, json=_asked(product, _placement(on_colour))))
    assert design["placements"][0]["assetId"] == whole["id"]


def test_a_picture_without_ink_is_refused(guest: FlaskClient, product: UUID) -> None:
    clear = upload(guest, pictures.clear())
    refused(guest.post(PATH, json=_asked(product, _placement(clear))), 422, "no_ink")


def test_what_cannot_be_printed_is_refused(api: Api, guest: FlaskClient, product: UUID) -> None:
    asset = upload(guest)
    with api.deps.database.transaction() as connection:
        connection.execute("update assets set kind = 'mask'")
    refused(guest.post(PATH, json=_asked(product, _placement(asset))), 400, "invalid_request")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("widthMm", 0.999),
        ("widthMm", 5001),
        ("widthMm", "200"),
        ("widthMm", None),
        ("leftMm", -5001),
        ("leftMm", True),
        ("topMm", 5001),
        ("rotationDeg", 361),
        ("rotationDeg", -361),
        ("placement", ""),
        ("placement", 7),
        ("method", "embroidery"),
        ("assetId", "logo"),
        ("heightMm", 20),
    ],
)
def test_a_placement_of_another_form_is_refused(guest: FlaskClient, product: UUID, field: str, value: object) -> None:
    placement = {**_placement({"id": str(uuid4())}), field: value}
    details = refused(guest.post(PATH, json=_asked(product, placement)), 400, "invalid_request")
    assert any(field in name for name in details["fields"]), details


@pytest.mark.parametrize(
    "changes",
    [
        {"placements": []},
        {"name": ""},
        {"name": "a" * 101},
        {"name": "a\u0000b"},
        {"name": "a\nb"},
        {"name": "\ud800"},
        {"color": "black"},
        {"color": "1c1c1f0"},
        {"productId": "tee"},
        {"owner": "me"},
    ],
)
def test_a_design_of_another_form_is_refused(guest: FlaskClient, product: UUID, changes: dict[str, object]) -> None:
    asked = {**_asked(product, _placement({"id": str(uuid4())})), **changes}
    refused(guest.post(PATH, json=asked), 400, "invalid_request")


def test_each_placement_holds_one_picture(guest: FlaskClient, product: UUID) -> None:
    twice = [_placement({"id": str(uuid4())})] * 2
    refused(guest.post(PATH, json=_asked(product, *twice)), 400, "invalid_request")


def test_a_repeated_request_has_one_effect_and_fresh_addresses(guest: FlaskClient, product: UUID) -> None:
    asked, headers = _asked(product, _placement(upload(guest))), {"Idempotency-Key": "once"}
    first, second = (guest.post(PATH, json=asked, headers=headers) for _ in range(2))
    assert body(first) == body(second)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(body(guest.get(PATH))["items"]) == 1
    refused(guest.post(PATH, json={**asked, "name": "Other"}, headers=headers), 422, "key_reused")


def test_designs_are_listed_page_by_page(api: Api, guest: FlaskClient, product: UUID) -> None:
    for name in "abc":
        _made(guest, product, name=name)
    first = body(guest.get(f"{PATH}?limit=2"))
    assert [one["name"] for one in first["items"]] == ["c", "b"]
    second = body(guest.get(f"{PATH}?limit=2&cursor={first['nextCursor']}"))
    assert ([one["name"] for one in second["items"]], second["nextCursor"]) == (["a"], None)
    assert body(api.guest().get(PATH)) == {"items": [], "nextCursor": None}
    refused(guest.get(f"{PATH}?cursor=x"), 400, "invalid_cursor")


def test_another_caller_s_design_does_not_exist(api: Api, guest: FlaskClient, product: UUID) -> None:
    address = f"{PATH}/{_made(guest, product)['id']}"
    other = api.guest()
    for client in (other, api.guest()):
        refused(client.get(address), 404, "not_found")
        refused(client.patch(address, json={"name": "Mine"}), 404, "not_found")
        refused(client.post(f"{address}/copy", json={}), 404, "not_found")
        refused(client.delete(address), 404, "not_found")
        upload(other)


def test_a_change_leaves_what_it_does_not_name(api: Api, guest: FlaskClient, product: UUID) -> None:
    with api.deps.database.transaction() as connection:
        catalogue.variant(connection, product, "white", colour="White", colour_hex="f6f5f2")
    design = _made(guest, product, name="Party", color="1c1c1f")
    address = f"{PATH}/{design['id']}"
    renamed = body(guest.patch(address, json={"name": "Winter"}))
    assert (renamed["name"], renamed["color"], renamed["createdAt"]) == ("Winter", "1c1c1f", design["createdAt"])
    assert renamed["updatedAt"] > design["updatedAt"]
    moved = body(guest.patch(address, json={"placements": [_placement(upload(guest), leftMm=0)], "color": "f6f5f2"}))
    assert (moved["name"], moved["color"], moved["placements"][0]["leftMm"]) == ("Winter", "f6f5f2", 0)
    assert body(guest.get(address)) == moved
    placed = {key: moved["placements"][0][key] for key in _placement({"id": ""})}
    same = {"name": "Winter", "color": "f6f5f2", "placements": [placed]}
    assert body(guest.patch(address, json=same)) == moved
    refused(guest.patch(address, json={"product": str(product)}), 400, "invalid_request")
    outside = {"placements": [_placement(upload(guest), leftMm=200)]}
    refused(guest.patch(address, json=outside), 422, "outside_print_area")
    assert body(guest.get(address)) == moved


def test_a_copy_is_a_design_of_its_own(guest: FlaskClient, product: UUID) -> None:
    design = _made(guest, product, name="Party")
    address = f"{PATH}/{design['id']}"
    copied = guest.post(f"{address}/copy", json={"name": "Second try"})
    for same in (guest.post(f"{address}/copy", json={}), guest.post(f"{address}/copy")):
        assert (same.status_code, body(same)["name"]) == (201, "Party")
    for damaged in ("{", "null", "[]"):
        sent = guest.post(f"{address}/copy", data=damaged, content_type="application/json")
        refused(sent, 400, "invalid_request")
    assert copied.status_code == 201
    copy = body(copied)
    assert (copy["name"], copy["placements"]) == ("Second try", body(guest.get(address))["placements"])
    guest.delete(address)
    refused(guest.get(address), 404, "not_found")
    assert body(guest.get(f"{PATH}/{copy['id']}"))["name"] == "Second try"


def test_a_deleted_picture_shows_in_its_design_and_can_be_replaced(guest: FlaskClient, product: UUID) -> None:
    design = _made(guest, product)
    address, asset = f"{PATH}/{design['id']}", design["placements"][0]["assetId"]
    assert guest.delete(f"/api/assets/{asset}").status_code == 204
    for shown in (body(guest.get(address)), body(guest.get(PATH))["items"][0]):
        (front,) = shown["placements"]
        assert (front["problem"], front["assetId"]) == ("picture_missing", asset)
        assert (front["pictureUrl"], front["mockupUrl"], front["checkUrl"]) == (None, None, None)
    assert guest.patch(address, json={"name": "Still here"}).status_code == 200
    assert guest.post(f"{address}/copy", json={}).status_code == 201
    refused(guest.patch(address, json={"placements": [_placement({"id": asset})]}), 404, "not_found")
    healed = body(guest.patch(address, json={"placements": [_placement(upload(guest, pictures.png()))]}))
    assert healed["placements"][0]["problem"] is None


def test_what_the_shop_stops_to_offer_shows_in_the_design(api: Api, guest: FlaskClient, product: UUID) -> None:
    address = f"{PATH}/{_made(guest, product)['id']}"
    for statement, problem in (
        ("update print_areas set width_um = 100000", "outside_print_area"),
        ("update products set status = 'archived'", "not_offered"),
    ):
        with api.deps.database.transaction() as connection:
            connection.execute(statement.encode())
        assert body(guest.get(address))["placements"][0]["problem"] == problem
    with api.deps.database.transaction() as connection:
        assert products.find(connection, product)
    refused(guest.patch(address, json={"placements": [_placement(upload(guest))]}), 404, "not_found")


def test_without_the_service_of_mock_ups_there_is_no_address(guest: FlaskClient, product: UUID) -> None:
    assert _made(guest, product)["placements"][0]["mockupUrl"] is None
