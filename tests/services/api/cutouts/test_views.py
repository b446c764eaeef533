"""Uploading a picture, and requesting its cut-out."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from tests.services import pictures
from tests.services.api.client import body, cut_out, form, key_of, refused, send, upload
from tests.services.api.conftest import Api, Start


def test_an_upload_returns_the_asset_of_the_contract(guest: FlaskClient) -> None:
    data = pictures.jpeg(40, 30)
    response = send(guest, "/api/uploads", data)
    assert response.status_code == 201
    asset = body(response)
    assert key_of(asset["url"]).endswith(".jpeg")
    created_at = datetime.fromisoformat(asset["createdAt"])
    assert asset["createdAt"].endswith("Z")
    assert abs(datetime.now(UTC) - created_at) < timedelta(minutes=1)
    assert asset == {
        "id": str(UUID(asset["id"])),
        "url": asset["url"],
        "sha256": hashlib.sha256(data).hexdigest(),
        "contentType": "image/jpeg",
        "width": 40,
        "height": 30,
        "bytes": len(data),
        "createdAt": asset["createdAt"],
    }


def test_the_same_bytes_of_one_guest_are_one_asset(guest: FlaskClient) -> None:
    first = upload(guest)
    again = send(guest, "/api/uploads", pictures.jpeg(), name="other-name.jpg")
    assert again.status_code == 200
    assert {**body(again), "url": ""} == {**first, "url": ""}
    assert key_of(body(again)["url"]) == key_of(first["url"])  # what follows it changes with the hour


def test_the_same_bytes_of_two_guests_are_two_assets_under_two_keys(api: Api) -> None:
    mine, theirs = upload(api.guest()), upload(api.guest())
    assert mine["sha256"] == theirs["sha256"]
    assert mine["id"] != theirs["id"]
    assert key_of(mine["url"]) != key_of(theirs["url"])


def test_a_cut_out_is_accepted_with_its_location(guest: FlaskClient) -> None:
    response = send(guest, "/api/cutouts", pictures.jpeg())
    accepted = body(response)
    assert response.status_code == 202
    assert response.headers["Location"] == f"/api/jobs/{accepted['id']}"
    assert accepted == {
        "id": str(UUID(accepted["id"])),
        "assetId": str(UUID(accepted["assetId"])),
        "status": "queued",
        "statusUrl": f"/api/jobs/{accepted['id']}",
        "eventsUrl": f"/api/jobs/{accepted['id']}/events",
    }
    assert {UUID(accepted["id"]).version, UUID(accepted["assetId"]).version} == {7}


def test_two_cut_outs_of_the_same_bytes_share_their_source(guest: FlaskClient) -> None:
    first, second = cut_out(guest), cut_out(guest)
    assert first["id"] != second["id"]
    assert first["assetId"] == second["assetId"] == upload(guest)["id"]


@pytest.mark.parametrize("data", [pictures.marked_jpeg(), pictures.marked_png()], ids=["jpeg", "png"])
def test_the_stored_file_has_no_metadata(guest: FlaskClient, tmp_path: Path, data: bytes) -> None:
    assert pictures.MARKER in data
    asset = upload(guest, data)
    stored = [path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert len(stored) == 1
    assert pictures.MARKER not in stored[0]
    assert asset["sha256"] == hashlib.sha256(data).hexdigest()
    assert asset["bytes"] == len(data)


def test_width_and_height_are_those_displayed(guest: FlaskClient) -> None:
    asset = upload(guest, pictures.marked_jpeg(orientation=6))
    assert (asset["width"], asset["height"]) == (30, 40)


def test_the_content_decides_the_type_not_the_name(guest: FlaskClient) -> None:
    asset = upload(guest, pictures.png(), name="photo.jpg")
    assert asset["contentType"] == "image/png"


@pytest.mark.parametrize("path", ["/api/uploads", "/api/cutouts"])
@pytest.mark.parametrize(
    ("request_", "cause"),
    [
        pytest.param({"data": {"other": "x"}}, "x-www-form-urlencoded carries none", id="a form that carries no files"),
        pytest.param(
            {
                "data": form(b"x").replace(b'"; filename="photo.jpg', b""),
                "content_type": "multipart/form-data; boundary=x",
            },
            "is text",
            id="text",
        ),
        pytest.param(
            {"data": b"--x--\r\n", "content_type": "multipart/form-data; boundary=x"},
            "no field `file`",
            id="no file",
        ),
        pytest.param(
            {"data": form(b"x").replace(b'"file"', b'"image"'), "content_type": "multipart/form-data; boundary=x"},
            "called `image`",
            id="another field",
        ),
        pytest.param({}, "no Content-Type", id="nothing at all"),
        pytest.param({"data": pictures.jpeg(), "content_type": "text/plain"}, "text/plain", id="text/plain"),
        pytest.param({"data": form(b""), "content_type": "multipart/form-data"}, "boundary", id="no boundary"),
        pytest.param({"data": b"", "content_type": "image/png"}, "empty", id="an empty body"),
        # As a browser sends it when no file was chosen.
        pytest.param({"data": form(b"", ""), "content_type": "multipart/form-data; boundary=x"}, "", id="none chosen"),
    ],
)
def test_a_request_without_a_picture_is_refused_with_the_cause(
    guest: FlaskClient, path: str, request_: dict[str, Any], cause: str
) -> None:
    response = guest.post(path, **request_)
    refused(response, 400, "missing_file")
    assert cause in body(response)["error"]["message"]


def test_with_a_public_url_all_urls_are_absolute(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PUBLIC_URL", "https://shop.example/")
    guest = start().guest()
    response = send(guest, "/api/cutouts", pictures.jpeg(), headers={"Host": "evil.example"})
    accepted = body(response)
    place = f"https://shop.example/api/jobs/{accepted['id']}"
    assert (response.headers["Location"], accepted["statusUrl"]) == (place, place)
    assert accepted["eventsUrl"] == f"{place}/events"
    assert upload(guest)["url"].startswith("https://shop.example/assets/")


def test_a_cut_out_without_options_stores_none(api: Api) -> None:
    cut_out(api.guest())
    assert api.claim().input == {}
