"""Mock-ups over the api: garments, addresses, privacy, parameters, and what happens without the service."""

import io
from uuid import uuid4

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from services.api.middleware.policy import Cache
from shared.models.garment import GARMENTS
from tests.services import pictures
from tests.services.api.client import bearer, body, refused, upload
from tests.services.api.conftest import Api, Start
from tests.services.conftest import NOBODY


def _asset(guest: FlaskClient) -> str:
    return str(upload(guest, pictures.cutout())["id"])


def _picture(response: TestResponse) -> Image.Image:
    assert response.status_code == 200, response.text
    assert response.content_type == "image/webp"
    with Image.open(io.BytesIO(response.data)) as picture:
        picture.load()
    return picture


def _mean(picture: Image.Image) -> float:
    return float(np.asarray(picture, float).mean())


def test_the_garments_are_listed_with_their_print_areas(api: Api) -> None:
    response = api.app.test_client().get("/api/garments")
    items = {item["garment"]: item for item in body(response)["items"]}
    assert list(items) == list(GARMENTS)
    tee = items["tshirt-back"]
    assert (tee["title"], tee["view"], tee["pictureMm"]) == ("T-shirt, back", "back", 1121.5)
    assert tee["area"] == {"widthMm": 305, "heightMm": 406, "centerX": 0.5, "centerY": 0.3583}
    assert {"name": "Black", "color": "1c1c1f"} in tee["colors"]


@pytest.mark.parametrize("garment", GARMENTS)
def test_an_owner_sees_the_picture_on_every_garment(guest: FlaskClient, garment: str) -> None:
    picture = _picture(guest.get(f"/mockups/{garment}/C0392B/{_asset(guest)}.webp?w=200"))
    assert picture.size == (200, 200)


def test_a_mock_up_is_1200_pixels_wide_in_any_colour_and_shows_the_design_where_it_is_asked_for(
    guest: FlaskClient,
) -> None:
    path = f"/mockups/tshirt-front/1c1c1f/{_asset(guest)}.webp"
    black = _picture(guest.get(path))
    white = _picture(guest.get(path.replace("1c1c1f", "f4f3ef")))
    small = _picture(guest.get(f"{path}?widthMm=60&dx=-40&dy=120.5&rotate=-15"))
    assert black.size == white.size == small.size == (1200, 1200)
    assert _mean(white) > _mean(black) + 20
    assert np.abs(np.asarray(black, int) - np.asarray(small)).mean() > 1


def test_a_photograph_without_transparency_is_printed_as_a_rectangle(guest: FlaskClient) -> None:
    for data in (pictures.jpeg(600, 400), pictures.png()):
        asset = upload(guest, data)["id"]
        assert _picture(guest.get(f"/mockups/tote/e3d6bb/{asset}.webp?w=400")).size == (400, 400)


def test_the_addresses_need_no_token_and_are_stored_by_no_shared_cache(api: Api, guest: FlaskClient) -> None:
    listed = body(guest.get(f"/api/assets/{_asset(guest)}/mockups?w=120&widthMm=90"))
    assert [item["garment"] for item in listed["items"]] == list(GARMENTS)
    for item in listed["items"]:
        response = api.guest().get(item["url"])
        assert _picture(response).size == (120, 120)
        assert response.headers["Cache-Control"] == Cache.PICTURE
        assert response.headers["CDN-Cache-Control"] == "no-store"
        assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_the_template_makes_the_address_of_any_garment_and_colour(api: Api, guest: FlaskClient) -> None:
    template = body(guest.get(f"/api/assets/{_asset(guest)}/mockups"))["template"]
    for garment, color in (("mug", "00ff88"), ("cap", "B3202C")):
        url = template.replace("{garment}", garment).replace("{color}", color)
        assert _picture(api.guest().get(f"{url}?w=90&rotate=10")).size == (90, 90)


def test_addresses_of_one_garment_in_one_colour(guest: FlaskClient) -> None:
    (item,) = body(guest.get(f"/api/assets/{_asset(guest)}/mockups?garment=cap&color=ABCDEF"))["items"]
    assert (item["garment"], item["title"], item["color"]) == ("cap", "Cap", "abcdef")
    assert "/mockups/cap/abcdef/" in item["url"]
    assert _picture(guest.get(item["url"])).size == (1200, 1200)


def test_public_url_makes_addresses_absolute(
    api: Api, guest: FlaskClient, start: Start, environment: pytest.MonkeyPatch
) -> None:
    asset = _asset(guest)
    environment.setenv("PUBLIC_URL", "https://shop.example")
    answer = start().guest().get(f"/api/assets/{asset}/mockups", headers=bearer(guest))
    assert body(answer)["template"].startswith("https://shop.example/mockups/{garment}/{color}/")


def test_a_grant_shows_one_picture_only(guest: FlaskClient) -> None:
    first, second = _asset(guest), str(upload(guest, pictures.png())["id"])
    url = body(guest.get(f"/api/assets/{first}/mockups?garment=mug"))["items"][0]["url"]
    refused(guest.get(url.replace(first, second)), 403, "forbidden")
    grant = url.rpartition("/")[2].removesuffix(".webp")
    for other in (f"9{grant}", f"{grant}0", grant[:-1], "x", "1-2", "99999999999-", "é"):
        refused(guest.get(f"/mockups/mug/ffffff/{first}/{other}.webp"), 403, "forbidden")


def test_others_see_nothing_without_a_grant(api: Api, guest: FlaskClient) -> None:
    asset = _asset(guest)
    stranger = api.guest()
    upload(stranger)
    for client in (stranger, api.guest()):
        refused(client.get(f"/mockups/mug/ffffff/{asset}.webp"), 404, "not_found")
        refused(client.get(f"/api/assets/{asset}/mockups"), 404, "not_found")


def test_a_deleted_picture_is_shown_on_nothing_at_once(guest: FlaskClient) -> None:
    asset = _asset(guest)
    own = f"/mockups/mug/ffffff/{asset}.webp?w=60"
    signed = body(guest.get(f"/api/assets/{asset}/mockups?garment=mug&w=60"))["items"][0]["url"]
    _picture(guest.get(own))
    _picture(guest.get(signed))
    assert guest.delete(f"/api/assets/{asset}").status_code == 204
    for url in (own, signed, f"/api/assets/{asset}/mockups"):
        refused(guest.get(url), 404, "not_found")


def test_the_same_mock_up_has_one_etag_and_another_has_another(guest: FlaskClient) -> None:
    path = f"/mockups/mug/ffffff/{_asset(guest)}.webp"
    tag = guest.get(f"{path}?w=60").headers["ETag"]
    assert guest.get(f"{path}?w=60", headers={"If-None-Match": f"W/{tag}"}).status_code == 304
    assert guest.get(f"{path}?w=60&dx=0", headers={"If-None-Match": tag}).status_code == 304
    assert guest.get(f"{path}?w=61", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("query", "name"),
    [
        *((f"w={odd}", "w") for odd in ("49", "1201", "-1", "0", "1e9", "NaN", "", "12.5", "x")),
        *((f"widthMm={odd}", "widthMm") for odd in ("0", "0.9", "1000.1", "-5", "nan", "inf", "1e999", "ten", "")),
        *((f"{name}={odd}", name) for name in ("dx", "dy") for odd in ("1001", "-1001", "nan", "-inf", "x")),
        *((f"rotate={odd}", "rotate") for odd in ("361", "-361", "nan", "x")),
        ("width=3", "width"),
    ],
)
def test_odd_numbers_are_refused_by_name(guest: FlaskClient, query: str, name: str) -> None:
    upload(guest)
    asset = uuid4()  # found out before any picture is looked for
    for path in (f"/mockups/mug/ffffff/{asset}.webp", f"/api/assets/{asset}/mockups"):
        assert name in refused(guest.get(f"{path}?{query}"), 400, "invalid_request")["fields"]


@pytest.mark.parametrize(
    "color", ["fff", "red", "%23ffffff", "1234567", "ggggggg", "ffffff%0a", "%ef%bc%91%ef%bc%912345"]
)
def test_odd_colours_are_refused_by_name(guest: FlaskClient, color: str) -> None:
    upload(guest)
    assert "color" in refused(guest.get(f"/mockups/mug/{color}/{uuid4()}.webp"), 400, "invalid_request")["fields"]


@pytest.mark.parametrize("garment", ["Mug", "tshirt", "mug%2f..", "%00", "é", "-"])
def test_an_unknown_garment_is_not_found(guest: FlaskClient, garment: str) -> None:
    asset = _asset(guest)
    refused(guest.get(f"/mockups/{garment}/ffffff/{asset}.webp"), 404, "not_found")
    refused(guest.get(f"/api/assets/{asset}/mockups?garment={garment}"), 404, "not_found")


def test_the_copy_that_is_printed_counts_in_the_quota_once(api: Api, guest: FlaskClient) -> None:
    asset = _asset(guest)
    for _ in range(2):
        _picture(guest.get(f"/mockups/mug/ffffff/{asset}.webp?w=60"))
    with api.deps.database.transaction() as connection:
        row = connection.execute("select bytes, stored_bytes, key from assets where id = %s", [asset]).fetchone()
    assert row is not None
    copy = api.deps.storage.get(f"{row['key'][:64]}-w1600.webp")
    assert row["stored_bytes"] == row["bytes"] + len(copy)


@pytest.mark.parametrize("endpoint", ["", NOBODY])
def test_without_the_service_mock_ups_are_unavailable_and_all_else_works(
    start: Start, environment: pytest.MonkeyPatch, endpoint: str
) -> None:
    environment.setenv("MOCKUPS_ENDPOINT", endpoint)
    guest = start().guest()
    asset = _asset(guest)
    refused(guest.get(f"/mockups/mug/ffffff/{asset}.webp"), 503, "unavailable")
    listed = body(guest.get(f"/api/assets/{asset}/mockups"))
    assert bool(listed["items"]) == bool(listed["template"]) == bool(endpoint)
    assert guest.get("/api/garments").status_code == 200
    assert ("mockups" in body(guest.get("/health/ready"))["checks"]) == bool(endpoint)
