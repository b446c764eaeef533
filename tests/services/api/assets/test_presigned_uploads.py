"""Uploads straight to the storage: announced, sent, completed; in a folder and in buckets that check signatures."""

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
from services.api.middleware.request_body import MAX_BYTES
from shared.storage import INCOMING, Missing
from shared.storage.bucket import Bucket
from tests.services import pictures
from tests.services.api.client import body, refused, upload
from tests.services.api.conftest import Api
from tests.shared import buckets


def _announce(guest: FlaskClient, data: bytes, **more: object) -> dict[str, Any]:
    wish = {"contentType": "image/jpeg", "bytes": len(data), **more}
    answer = guest.post("/api/uploads/presign", json=wish)
    assert answer.status_code == 201, answer.text
    return body(answer)


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
    """Somebody without a token: the signature is the permission."""
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
    assert [path.name for path in _files(tmp_path)] == [asset["url"].rpartition("/")[2]]
    assert upload(guest, data) == asset


def test_completing_again_answers_the_same_and_needs_the_object_no_more(guest: FlaskClient) -> None:
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


def test_nothing_is_completed_that_has_not_arrived_or_is_another_s(api: Api, guest: FlaskClient) -> None:
    place = _announce(guest, pictures.jpeg())
    refused(_complete(guest, place), 409, "not_uploaded")
    assert _put(guest, place, pictures.jpeg()).status_code == 204
    other = api.guest()
    refused(_complete(other, place), 404, "not_found")
    upload(other)
    refused(_complete(other, place), 404, "not_found")
    assert _complete(guest, place).status_code == 201


def test_only_what_was_announced_is_let_in(api: Api, guest: FlaskClient, tmp_path: Path) -> None:
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


def test_what_arrived_is_judged_like_any_upload_and_removed_if_unfit(guest: FlaskClient, tmp_path: Path) -> None:
    data = pictures.jpeg()
    refused(_complete(guest, _sent(guest, b"no picture at all")), 415, "unsupported_image")
    refused(_complete(guest, _sent(guest, data[:-40])), 422, "unreadable_image")
    refused(_complete(guest, _sent(guest, data, sha256="0" * 64)), 400, "digest_mismatch")
    assert _files(tmp_path) == []
    png = pictures.png()
    assert body(_complete(guest, _sent(guest, png)))["contentType"] == "image/png"  # content decides


def test_what_lies_there_is_not_read_unless_it_is_as_long_as_announced(api: Api, guest: FlaskClient) -> None:
    place = _announce(guest, pictures.jpeg())
    api.deps.storage.put(f"{INCOMING}{place['id']}", bytes(MAX_BYTES * 2), "image/jpeg", {})
    refused(_complete(guest, place), 400, "invalid_request")


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"contentType": "application/pdf", "bytes": 9}, 400, "invalid_request"),
        ({"contentType": "image/png", "bytes": 0}, 400, "invalid_request"),
        ({"contentType": "image/png", "bytes": 9, "sha256": "ABC"}, 400, "invalid_request"),
        ({"contentType": "image/png", "bytes": 9, "key": "x"}, 400, "invalid_request"),
        ({"contentType": "image/png", "bytes": MAX_BYTES + 1}, 413, "body_too_large"),
    ],
)
def test_what_could_not_be_taken_is_not_announced(
    guest: FlaskClient, wish: dict[str, object], status: int, code: str
) -> None:
    refused(guest.post("/api/uploads/presign", json=wish), status, code)


@pytest.fixture(params=["moto", "rclone"])
def bucket(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    """One that keeps everything, and one that checks signatures."""
    running = buckets.moto() if request.param == "moto" else buckets.rclone(tmp_path_factory.mktemp("rclone"))
    with running as settings:
        yield Bucket(settings)


def test_a_bucket_is_sent_to_directly(api: Api, bucket: Bucket) -> None:
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
    assert guest.get(body(made)["url"], buffered=True).status_code == 200
    with pytest.raises(Missing):
        bucket.get(f"{INCOMING}{place['id']}")


def test_a_signature_is_good_for_one_type_and_length(api: Api, tmp_path: Path) -> None:
    with buckets.rclone(tmp_path) as settings, requests.Session() as stranger:
        stranger.trust_env = False
        guest = create_app(replace(api.deps, storage=Bucket(settings))).test_client()
        place = _announce(guest, pictures.jpeg())
        for data, kind in ((pictures.jpeg() + b"x", "image/jpeg"), (pictures.jpeg(), "text/html")):
            answer = stranger.put(place["uploadUrl"], data, headers={"Content-Type": kind}, timeout=20)
            assert answer.status_code == 403
        refused(_complete(guest, place), 409, "not_uploaded")
