"""Uploads in every content type: each leads to the same asset, and each refuses bad input."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api.app import create_app
from services.api.middleware.request_body import ENVELOPE_BYTES
from services.api.middleware.url_fetcher import UrlFetcher
from shared.images import MAX_BYTES
from tests.services import pictures
from tests.services.api.client import body, form, refused, send, upload
from tests.services.api.conftest import Api, Start
from tests.services.api.sources import Source, page, serving

_PATHS = ("/api/uploads", "/api/cutouts")


def _raw(guest: FlaskClient, data: bytes, kind: str = "image/jpeg", **headers: str) -> TestResponse:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return guest.post("/api/uploads", data=data, content_type=kind, headers=said)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_every_content_type_leads_to_the_same_asset(guest: FlaskClient) -> None:
    data = pictures.jpeg()
    asset = upload(guest, data)
    for again in (
        _raw(guest, data),
        _raw(guest, data, "application/octet-stream"),
        _raw(guest, data, "image/whatever; x=y"),
        guest.post("/api/uploads", json={"image": _text(data)}),
        guest.post("/api/uploads", json={"image": f"data:image/png;base64,{_text(data)}"}),
    ):
        assert again.status_code == 200, again.text
        assert body(again) == asset
    for accepted in (_raw(guest, data), guest.post("/api/cutouts", json={"image": _text(data)})):
        assert accepted.status_code in (200, 202)


def test_base64_is_read_as_common_tools_write_it(guest: FlaskClient) -> None:
    data = pictures.jpeg() + b"\xfb\xff\xfe>?"  # behind its end, so that every digit of either alphabet occurs
    plain, in_lines = _text(data), base64.encodebytes(data).decode()
    for_urls = base64.urlsafe_b64encode(data).decode()
    assert "=" in plain
    assert for_urls != plain
    asset = upload(guest, data)
    for text in (
        in_lines,
        in_lines.replace("\n", "\r\n"),
        f"\t{plain} \n",
        plain.rstrip("="),
        for_urls,
        for_urls.rstrip("="),
        f"data:;base64,{plain}",
        f"data:image/jpeg;charset=utf-8;name=a.jpg;base64,{plain}",
        f"DATA:IMAGE/JPEG;BASE64,{plain}",
        f"data:image/jpeg; base64, {plain}",
        f" data:image/svg+xml;base64,{in_lines}",
    ):
        assert body(guest.post("/api/uploads", json={"image": text})) == asset, text[:60]


def test_twenty_megabytes_of_base64_may_come_in_lines(guest: FlaskClient) -> None:
    lines = base64.encodebytes(bytes(MAX_BYTES)).decode().replace("\n", "\r\n")
    refused(guest.post("/api/uploads", json={"image": lines}), 415, "unsupported_image")


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"image": None},
        {"image": 7},
        {"image": "A"},
        {"image": "AA=AA"},
        {"image": "AA.AA"},
        {"image": "data:image/png;base64AAAA"},
        {"image": "ÄÄÄÄ"},
        {"image": "\ud800"},
        {"image": "data:image/png,AAAA"},
        {"image": "AAAA", "imageUrl": "https://pictures.example/a.jpg"},
        {"imageUrl": ["https://pictures.example/a.jpg"]},
        {"imageUrl": "https://pictures.example/" + "a" * 2000},
        {"imageURL": "https://pictures.example/a.jpg"},
        [],
        "text",
    ],
)
def test_json_without_exactly_one_picture_is_refused(guest: FlaskClient, payload: object) -> None:
    for path in _PATHS:
        refused(guest.post(path, json=payload), 400, "invalid_request")


@pytest.mark.parametrize(
    "text",
    [
        b"{bad",
        b"",
        b'{"image": "AAAA", "image": "BBBB"}',
        b'{"image": NaN}',
        b'{"a": ' * 10_000,
        b'{"image": 1' + b"0" * 5000 + b"}",
        b'{"image": "\xff"}',
        b"\x00",
    ],
)
def test_invalid_json_is_refused(guest: FlaskClient, text: bytes) -> None:
    for path in (*_PATHS, "/api/jobs"):
        refused(guest.post(path, data=text, content_type="application/json"), 400, "invalid_request")


def test_base64_of_another_file_is_refused_like_any_upload(guest: FlaskClient) -> None:
    refused(guest.post("/api/uploads", json={"image": _text(b"hello")}), 415, "unsupported_image")
    refused(guest.post("/api/uploads", json={"image": ""}), 422, "unreadable_image")


def test_twenty_megabytes_are_accepted_in_every_content_type_and_one_byte_more_is_not(guest: FlaskClient) -> None:
    for data, status, code in (
        (bytes(MAX_BYTES), 415, "unsupported_image"),
        (bytes(MAX_BYTES + 1), 413, "body_too_large"),
    ):
        refused(_raw(guest, data), status, code)
        text = json.dumps({"image": _text(data)})
        refused(guest.post("/api/uploads", data=text, content_type="application/json"), status, code)


def test_other_bodies_must_be_small(guest: FlaskClient) -> None:
    refused(
        guest.post("/api/jobs", data=b" " * ENVELOPE_BYTES, content_type="application/json"), 400, "invalid_request"
    )
    response = guest.post("/api/jobs", data=b" " * (ENVELOPE_BYTES + 1), content_type="application/json")
    refused(response, 413, "body_too_large")


def test_two_files_at_once_are_refused(guest: FlaskClient) -> None:
    data = form(pictures.jpeg()).removesuffix(b"--x--\r\n") + form(pictures.png())
    response = guest.post("/api/uploads", data=data, content_type="multipart/form-data; boundary=x")
    refused(response, 400, "invalid_request")


def _digest(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def test_a_body_must_match_its_content_digest(guest: FlaskClient, tmp_path: Path) -> None:
    data, other = pictures.jpeg(), pictures.png()
    wrapped = form(data)
    for claim in (
        _digest(other),
        "sha-256=:AAAA:",
        "sha-256=nonsense",
        "sha-256=",
        f"sha-512=:AA==:, {_digest(other)}",
    ):
        refused(_raw(guest, data, Content_Digest=claim), 400, "digest_mismatch")
        refused(send(guest, "/api/uploads", data, headers={"Content-Digest": claim}), 400, "digest_mismatch")
    refused(guest.post("/api/jobs", json={}, headers={"Content-Digest": _digest(b"")}), 400, "digest_mismatch")
    assert not list((tmp_path / "data").rglob("*"))
    for claim in (_digest(data), f"sha-512=:AA==:, {_digest(data)}", "sha-512=:AA==:", ""):
        assert _raw(guest, data, Content_Digest=claim).status_code in (200, 201)
    assert send(guest, "/api/uploads", data, headers={"Content-Digest": _digest(wrapped)}).status_code == 200


@pytest.fixture
def source() -> Iterator[Source]:
    pages = {
        "/shirt.jpg": page(pictures.jpeg()),
        "/page": page(b"<html>no picture", Content_Type="image/jpeg"),
        "/cut": page(pictures.jpeg()[:-40]),
    }
    with serving(Source(pages)) as running:
        yield running


@pytest.fixture
def reader(api: Api, source: Source) -> FlaskClient:
    """A guest of an api that is allowed to fetch from the source."""
    fetcher = UrlFetcher(lambda *_: ["127.0.0.1"], allowed=[ip_network("127.0.0.1/32")], ports=[source.port])
    return create_app(replace(api.deps, fetcher=fetcher)).test_client()


def test_a_picture_by_url_is_accepted_and_checked_like_any_other(reader: FlaskClient, source: Source) -> None:
    def ask(path: str, target: str) -> TestResponse:
        return reader.post(path, json={"imageUrl": f"http://pictures.example:{source.port}{target}"})

    asset = body(ask("/api/uploads", "/shirt.jpg"))
    assert asset["sha256"] == hashlib.sha256(pictures.jpeg()).hexdigest()
    assert body(ask("/api/cutouts", "/shirt.jpg"))["assetId"] == asset["id"]
    response = reader.get(f"{asset['url']}?download=1", buffered=True)
    assert response.headers["Content-Disposition"] == "attachment; filename=shirt.jpeg"
    refused(ask("/api/uploads", "/page"), 415, "unsupported_image")
    refused(ask("/api/uploads", "/cut"), 422, "unreadable_image")


def test_internal_and_unreachable_urls_are_refused(guest: FlaskClient, source: Source) -> None:
    for url in (
        f"http://127.0.0.1:{source.port}/shirt.jpg",
        "http://169.254.169.254/",
        "file:///etc/passwd",
        "",
    ):
        refused(guest.post("/api/uploads", json={"imageUrl": url}), 400, "url_not_allowed")
    assert source.hits == 0
    assert guest.get("/api/assets").json == {"items": [], "nextCursor": None}


def test_fetching_by_url_can_be_switched_off(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FETCH_URLS", "false")
    response = start().guest().post("/api/uploads", json={"imageUrl": "https://pictures.example/"})
    refused(response, 400, "url_not_allowed")
    assert "does not fetch" in response.text
