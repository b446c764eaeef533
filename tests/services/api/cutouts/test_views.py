"""Keeping a picture, and promising its cut-out."""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from tests.services import pictures
from tests.services.api.client import body, cut_out, refused, send, upload
from tests.services.api.conftest import Api, Start


def test_an_upload_answers_the_asset_as_the_contract_writes_it(guest: FlaskClient) -> None:
    data = pictures.jpeg(40, 30)
    answer = send(guest, "/api/uploads", data)
    assert answer.status_code == 201
    asset = body(answer)
    key = re.fullmatch(r"/assets/([0-9a-f]{64}\.jpeg)", asset["url"])
    assert key
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
    assert body(again) == first


def test_the_same_bytes_of_two_guests_are_two_assets_under_two_keys(api: Api) -> None:
    mine, theirs = upload(api.guest()), upload(api.guest())
    assert mine["sha256"] == theirs["sha256"]
    assert mine["id"] != theirs["id"]
    assert mine["url"] != theirs["url"]


def test_a_cut_out_is_promised_with_its_place(guest: FlaskClient) -> None:
    answer = send(guest, "/api/cutouts", pictures.jpeg())
    promise = body(answer)
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/api/jobs/{promise['id']}"
    assert promise == {
        "id": str(UUID(promise["id"])),
        "assetId": str(UUID(promise["assetId"])),
        "status": "queued",
        "statusUrl": f"/api/jobs/{promise['id']}",
        "eventsUrl": f"/api/jobs/{promise['id']}/events",
    }
    assert {UUID(promise["id"]).version, UUID(promise["assetId"]).version} == {7}


def test_two_cut_outs_of_the_same_bytes_share_their_source(guest: FlaskClient) -> None:
    first, second = cut_out(guest), cut_out(guest)
    assert first["id"] != second["id"]
    assert first["assetId"] == second["assetId"] == upload(guest)["id"]


@pytest.mark.parametrize("data", [pictures.marked_jpeg(), pictures.marked_png()], ids=["jpeg", "png"])
def test_what_is_stored_carries_no_metadata(guest: FlaskClient, tmp_path: Path, data: bytes) -> None:
    assert pictures.MARKER in data
    asset = upload(guest, data)
    stored = [path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert len(stored) == 1
    assert pictures.MARKER not in stored[0]
    assert asset["sha256"] == hashlib.sha256(data).hexdigest()
    assert asset["bytes"] == len(data)


def test_sides_are_those_a_person_sees(guest: FlaskClient) -> None:
    asset = upload(guest, pictures.marked_jpeg(orientation=6))
    assert (asset["width"], asset["height"]) == (30, 40)


def test_content_decides_the_type_not_the_name(guest: FlaskClient) -> None:
    asset = upload(guest, pictures.png(), name="photo.jpg")
    assert asset["contentType"] == "image/png"


@pytest.mark.parametrize("path", ["/api/uploads", "/api/cutouts"])
def test_a_form_without_a_file_is_refused(guest: FlaskClient, path: str) -> None:
    refused(guest.post(path, data={"other": "x"}), 400, "missing_file")
    refused(guest.post(path), 400, "missing_file")
    refused(guest.post(path, data=pictures.jpeg(), content_type="text/plain"), 400, "missing_file")
    refused(guest.post(path, data={"file": "just text"}), 400, "missing_file")
    refused(send(guest, path, b"", name=""), 400, "missing_file")  # a browser whose user chose nothing


def test_with_a_public_url_addresses_are_absolute(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PUBLIC_URL", "https://shop.example/")
    guest = start().guest()
    answer = send(guest, "/api/cutouts", pictures.jpeg(), headers={"Host": "evil.example"})
    promise = body(answer)
    place = f"https://shop.example/api/jobs/{promise['id']}"
    assert (answer.headers["Location"], promise["statusUrl"]) == (place, place)
    assert promise["eventsUrl"] == f"{place}/events"
    assert upload(guest)["url"].startswith("https://shop.example/assets/")
