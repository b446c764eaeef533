"""Garments without a print: the shop's own pictures, which every cache may keep."""

import io

import pytest
from flask.testing import FlaskClient
from PIL import Image

from shared.models.garment import GARMENTS, Garment
from tests.services.api.client import refused
from tests.services.api.conftest import Start


@pytest.mark.parametrize("garment", GARMENTS.values(), ids=GARMENTS)
def test_every_garment_is_shown_in_its_usual_colours(guest: FlaskClient, garment: Garment) -> None:
    response = guest.get(f"/garments/{garment.name}/{garment.colours[-1][1]}.webp?w=400")
    assert response.status_code == 200, response.text
    with Image.open(io.BytesIO(response.data)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (400, 400))


def test_any_cache_may_keep_it_and_asks_by_its_etag(guest: FlaskClient) -> None:
    path = "/garments/hoodie/1F2A44.webp"
    response = guest.get(path)
    assert response.headers["Cache-Control"] == "public, max-age=604800, immutable"
    assert response.headers["CDN-Cache-Control"] == "public, max-age=604800, immutable"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in response.headers
    again = guest.get(path, headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = guest.get(f"{path}?w=400", headers={"If-None-Match": response.headers["ETag"]})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/garments/kilt/1c1c1f.webp", 404, "not_found"),
        ("/garments/hoodie/123456.webp", 404, "not_found"),  # not usual: the number of pictures is bounded
        ("/garments/hoodie/black.webp", 400, "invalid_request"),
        ("/garments/hoodie/1c1c1f.webp?w=401", 400, "invalid_request"),
    ],
)
def test_what_is_not_usual_is_not_drawn(guest: FlaskClient, path: str, status: int, code: str) -> None:
    refused(guest.get(path), status, code)


def test_without_the_service_it_is_unavailable(start: Start) -> None:
    response = start().guest().get("/garments/hoodie/1c1c1f.webp")
    refused(response, 503, "unavailable")
    assert response.headers["Cache-Control"] == "no-store"
