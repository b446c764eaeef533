"""Compression: which responses, for which callers, and told apart by caches."""

import gzip

import brotli
import pytest
from flask.testing import FlaskClient

from services.api.middleware.response_compression import MIN_BYTES
from tests.services import pictures
from tests.services.api.client import cut_out, upload
from tests.services.api.conftest import Api

_LARGE = ("/", "/openapi.json", "/static/app.js", "/static/style.css")


@pytest.mark.parametrize("path", _LARGE)
def test_large_text_is_compressed_with_the_accepted_encoding(guest: FlaskClient, path: str) -> None:
    plain = guest.get(path, buffered=True)
    assert "Content-Encoding" not in plain.headers
    assert len(plain.data) > MIN_BYTES
    assert "accept-encoding" in plain.vary
    for way, unpack in (("gzip", gzip.decompress), ("br", brotli.decompress)):
        packed = guest.get(path, headers={"Accept-Encoding": way}, buffered=True)
        assert packed.headers["Content-Encoding"] == way
        assert unpack(packed.data) == plain.data
        assert len(packed.data) < 0.6 * len(plain.data)
        assert "accept-encoding" in packed.vary


@pytest.mark.parametrize("payload", ["", "identity", "gzip;q=0", "br;q=0, gzip;q=0.0, identity", "compress"])
def test_callers_that_accept_no_encoding_get_none(guest: FlaskClient, payload: str) -> None:
    response = guest.get("/openapi.json", headers={"Accept-Encoding": payload})
    assert "Content-Encoding" not in response.headers
    assert response.json


def test_pictures_streams_and_small_responses_are_not_compressed(guest: FlaskClient) -> None:
    accepted, asset = cut_out(guest), upload(guest, pictures.png())
    guest.delete(accepted["statusUrl"])
    for path in (asset["url"], accepted["statusUrl"] + "/events", "/health", accepted["statusUrl"]):
        response = guest.get(path, headers={"Accept-Encoding": "gzip, br, zstd"}, buffered=True)
        assert response.status_code == 200
        assert "Content-Encoding" not in response.headers


def test_each_encoding_has_its_own_etag_and_is_not_sent_twice(guest: FlaskClient) -> None:
    tags = []
    for way in ("identity", "gzip", "br"):
        first = guest.get("/static/app.js", headers={"Accept-Encoding": way}, buffered=True)
        tags.append(first.headers["ETag"])
        asked = {"Accept-Encoding": way, "If-None-Match": first.headers["ETag"]}
        again = guest.get("/static/app.js", headers=asked, buffered=True)
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert "Content-Encoding" not in again.headers
    assert len(set(tags)) == 3


def test_a_range_is_not_compressed(guest: FlaskClient) -> None:
    asked = {"Range": "bytes=0-1999", "Accept-Encoding": "gzip"}
    part = guest.get("/static/app.js", headers=asked, buffered=True)
    assert part.status_code == 206
    assert "Content-Encoding" not in part.headers
    assert part.data == guest.get("/static/app.js", buffered=True).data[:2000]


def test_a_long_list_is_compressed(api: Api) -> None:
    guest = api.guest()
    asset = upload(guest)
    for _ in range(5):
        guest.post("/api/jobs", json={"assetId": asset["id"], "type": "cutout"})
    response = guest.get("/api/jobs", headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(gzip.decompress(response.data)) > 3 * len(response.data)
