"""A background belongs to the caller, and can be decoded within a worker's memory."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from tests.services import pictures
from tests.services.api.client import body, refused, send, upload
from tests.services.api.conftest import Api


def _refusal(guest: FlaskClient, way: str, background: str, status: int, code: str) -> dict[str, Any]:
    if way == "job":
        asset = upload(guest, pictures.jpeg(shade=5))
        wanted = {"assetId": asset["id"], "type": "cutout", "options": {"bgAsset": background}}
        return refused(guest.post("/api/jobs", json=wanted), status, code)
    return refused(send(guest, f"/api/cutouts?bgAsset={background}", pictures.jpeg(shade=5)), status, code)


@pytest.mark.parametrize("way", ["cut-out", "job"])
def test_another_s_picture_is_not_found(api: Api, way: str) -> None:
    theirs = upload(api.guest())["id"]
    guest = api.guest()
    upload(guest)
    for background in (theirs, str(UUID(int=0))):
        assert list(_refusal(guest, way, background, 404, "not_found")["fields"]) == ["bgAsset"]


def test_a_deleted_picture_is_not_found_and_nothing_is_stored(api: Api, tmp_path: Path) -> None:
    guest = api.guest()
    background = upload(guest)["id"]
    assert guest.delete(f"/api/assets/{background}").status_code == 204
    kept = len([path for path in (tmp_path / "data").rglob("*") if path.is_file()])
    _refusal(guest, "cut-out", background, 404, "not_found")
    assert len([path for path in (tmp_path / "data").rglob("*") if path.is_file()]) == kept
    assert body(guest.get("/api/jobs"))["items"] == []


@pytest.mark.parametrize("way", ["cut-out", "job"])
def test_a_webp_too_large_to_be_verified_is_refused(guest: FlaskClient, way: str) -> None:
    background = upload(guest, pictures.encoded(pictures.drawn(4100, 4000), "WEBP", method=0))["id"]
    assert list(_refusal(guest, way, background, 400, "invalid_request")["fields"]) == ["bgAsset"]
