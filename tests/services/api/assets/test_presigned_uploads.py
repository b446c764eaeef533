"""Presigned uploads: announced, sent, completed; in a folder and in buckets that check signatures."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api.app import create_app
from shared.images import MAX_BYTES
from shared.storage import INCOMING, Missing
from shared.storage.bucket import Bucket
from tests.services import pictures
from tests.services.api.client import body, key_of, refused, upload
from tests.services.api.conftest import Api
from tests.shared import buckets


def _announce(guest: FlaskClient, data: bytes, **more: object) -> dict[str, Any]:
    payload = {"contentType": "image/jpeg", "bytes": len(data), **more}
    response = guest.post("/api/uploads/presign", json=payload)
    assert response.status_code == 201, response.text
    return body(response)


def _put(guest: FlaskClient, place: dict[str, Any], data: bytes, **headers: str) -> TestResponse:
    kind = headers.pop("kind", place["headers"]["Content-Type"])
    return guest.put(place["uploadUrl"], data=data, content_type=kind, headers=headers)


def _complete(guest: FlaskClient, place: dict[str, Any], **headers: str) -> TestResponse:
    return guest.post(f"/api/uploads/{place['id']}/complete", headers=headers)


def _files(folder: Path) -> list[Path]:
    return [path for path in (folder / "data").rglob("*") if path.is_file()]


def _sent(guest: FlaskClient, data: bytes, **more: object) -> dict[str, Any]:
    place = _announce(guest, data, **more)
    assert _put(api_stranger(guest), place, data).status_code == 204
    return place


def api_stranger(guest: FlaskClient) -> FlaskClient:
    """Sent without a token: the signature is the permission."""
    return guest.application.test_client(use_cookies=False)


def test_an_upload_is_announced_sent_and_completed(guest: FlaskClient, tmp_path: Path) -> None:
    data = pictures.marked_jpeg()
    place = _announce(guest, data, sha256=hashlib.sha256(data).hexdigest())
    assert set(place) == {"id", "uploadUrl", "method", "headers", "expiresAt"}
    assert place["method"] == "PUT"
    assert place["headers"] == {"Content-Type": "image/jpeg", "Content-Length": str(len(data))}
    assert _put(api_stranger(guest), place, data).status_code == 204
    assert [path.parent.name for path in _files(tmp_path)] == ["incoming"]
    made = _complete(guest, place)
    assert made.status_code == 201
    asset = body(made)
    assert (asset["sha256"], asset["bytes"]) == (hashlib.sha256(data).hexdigest(), len(data))
    assert pictures.MARKER not in guest.get(asset["url"], buffered=True).data
    assert [path.name for path in _files(tmp_path)] == [key_of(asset["url"])]
    assert upload(guest, data) == asset


def test_completing_again_returns_the_same_asset_without_the_object(guest: FlaskClient) -> None:
    place = _sent(guest, pictures.jpeg())
    first = _complete(guest, place, **{"Idempotency-Key": "k"})
    again = _complete(guest, place)
    assert (first.status_code, again.status_code) == (201, 200)
    assert body(first) == body(again)
    replayed = _complete(guest, place, **{"Idempotency-Key": "k"})
    assert (replayed.status_code, replayed.headers["Idempotent-Replayed"]) == (201, "true")
    for _ in range(2):
        assert _complete(guest, place, **{"Idempotency-Key": "later"}).status_code == 200
    guest.delete(f"/api/assets/{body(first)['id']}")
    refused(_complete(guest, place), 404, "not_found")


def test_an_upload_that_is_missing_or_another_caller_s_is_not_completed(api: Api, guest: FlaskClient) -> None:
    place = _announce(guest, pictures.jpeg())
    refused(_complete(guest, place), 409, "not_uploaded")
    assert _put(guest, place, pictures.jpeg()).status_code == 204
    other = api.guest()
    refused(_complete(other, place), 404, "not_found")
    upload(other)
    refused(_complete(other, place), 404, "not_found")
    assert _complete(guest, place).status_code == 201


def test_only_the_announced_file_is_accepted(api: Api, guest: FlaskClient, tmp_path: Path) -> None:
    data = pictures.jpeg()
    place = _announce(guest, data)
    refused(_put(guest, place, data + b"x"), 400, "invalid_request")
    refused(_put(guest, place, data[:-1]), 400, "invalid_request")
    refused(_put(guest, place, data, kind="image/png"), 400, "invalid_request")
    for wrong in ("0" * 64, "", "é"):
        path = f"/api/uploads/{place['id']}?signature={wrong}"
        refused(guest.put(path, data=data, content_type="image/jpeg"), 404, "not_found")
    another = _announce(guest, data)
    stolen = place["uploadUrl"].replace(place["id"], another["id"])
    refused(guest.put(stolen, data=data, content_type="image/jpeg"), 404, "not_found")
    with api.deps.database.transaction() as connection:
        connection.execute("update incoming set expires_at = now() - interval '1 second'")
    refused(_put(guest, place, data), 403, "forbidden")
    assert _files(tmp_path) == []


def test_a_completed_file_is_checked_like_any_upload_and_removed_if_refused(guest: FlaskClient, tmp_path: Path) -> None:
    data = pictures.jpeg()
    refused(_complete(guest, _sent(guest, b"no picture at all")), 415, "unsupported_image")
    refused(_complete(guest, _sent(guest, data[:-40])), 422, "unreadable_image")
    refused(_complete(guest, _sent(guest, data, sha256="0" * 64)), 400, "digest_mismatch")
    assert _files(tmp_path) == []
    png = pictures.png()
    assert body(_complete(guest, _sent(guest, png)))["contentType"] == "image/png"  # content decides


def test_an_object_of_another_length_than_announced_is_not_read(api: Api, guest: FlaskClient) -> None:
    place = _announce(guest, pictures.jpeg())
    api.deps.storage.put(f"{INCOMING}{place['id']}", bytes(MAX_BYTES * 2), "image/jpeg", {})
    refused(_complete(guest, place), 400, "invalid_request")


@pytest.mark.parametrize(
    ("payload", "status", "code"),
    [
        ({"contentType": "application/pdf", "bytes": 9}, 400, "invalid_request"),
        ({"contentType": "image/png", "bytes": 0}, 400, "invalid_request"),
        ({"contentType": "image/png", "bytes": 9, "sha256": "ABC"}, 400, "invalid_request"),
        ({"contentType": "image/png", "bytes": 9, "key": "x"}, 400, "invalid_request"),
        ({"contentType": "image/png", "bytes": MAX_BYTES + 1}, 413, "body_too_large"),
    ],
)
def test_a_file_that_would_be_refused_cannot_be_announced(
    guest: FlaskClient, payload: dict[str, object], status: int, code: str
) -> None:
    refused(guest.post("/api/uploads/presign", json=payload), status, code)


@pytest.fixture(params=["moto", "rclone"])
def bucket(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    """One that accepts everything, and one that checks signatures."""
    running = buckets.moto() if request.param == "moto" else buckets.rclone(tmp_path_factory.mktemp("rclone"))
    with running as settings:
        yield Bucket(settings)


def test_a_file_is_sent_straight_to_a_bucket(api: Api, bucket: Bucket) -> None:
    guest = create_app(replace(api.deps, storage=bucket)).test_client()
    data = pictures.jpeg()
    place = _announce(guest, data)
    assert place["uploadUrl"].startswith("http://127.0.0.1:")
    assert "content-length%3Bcontent-type%3Bhost" in place["uploadUrl"]
    with requests.Session() as stranger:
        stranger.trust_env = False
        stranger.put(place["uploadUrl"], data, headers=place["headers"], timeout=20).raise_for_status()
    made = _complete(guest, place)
    assert made.status_code == 201, made.text
    kept = guest.get(body(made)["url"], buffered=True)
    assert (kept.status_code, kept.headers["Cache-Control"]) == (200, "private, max-age=3600")
    with pytest.raises(Missing):
        bucket.get(f"{INCOMING}{place['id']}")


def test_a_signature_covers_one_content_type_and_length(api: Api, tmp_path: Path) -> None:
    with buckets.rclone(tmp_path) as settings, requests.Session() as stranger:
        stranger.trust_env = False
        guest = create_app(replace(api.deps, storage=Bucket(settings))).test_client()
        place = _announce(guest, pictures.jpeg())
        for data, kind in ((pictures.jpeg() + b"x", "image/jpeg"), (pictures.jpeg(), "text/html")):
            response = stranger.put(place["uploadUrl"], data, headers={"Content-Type": kind}, timeout=20)
            assert response.status_code == 403
        refused(_complete(guest, place), 409, "not_uploaded")
