"""Ingest: which pictures are accepted or refused, and what happens when they cannot be stored."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from PIL import Image
from pillow_heif import register_heif_opener

from services.api.middleware import request_body, upload_parser
from shared import images, timeouts
from shared.db import assets
from tests.hostile import build
from tests.services import pictures
from tests.services.api.client import body, refused, send, upload
from tests.services.api.conftest import Api, Start

register_heif_opener()
_REFUSED = {
    "text": (b"hello", 415, "unsupported_image"),
    "pdf": (b"%PDF-1.7" + bytes(100), 415, "unsupported_image"),
    "tiff of floats": (pictures.encoded(Image.new("F", (64, 64)), "TIFF"), 415, "unsupported_image"),
    "animated gif": (pictures.animated("GIF"), 422, "animated_image"),
    "empty": (b"", 422, "unreadable_image"),
    "truncated jpeg": (pictures.jpeg()[:-40], 422, "unreadable_image"),
    "truncated png": (pictures.png()[:-40], 422, "unreadable_image"),
    "too many pixels": (build.claiming_png(8000, 6251, 1, 0), 422, "image_too_large"),
    "too long a side": (build.png(16_001, 16, 1, 0), 422, "image_too_large"),
    "too short a side": (pictures.png(15, 400), 422, "image_too_small"),
    "animated": (pictures.animated(), 422, "animated_image"),
    "too many chunks": (build.png(16, 16, before=build.chunk(b"aaAa") * 10_001), 422, "too_complex"),
}


def test_every_unacceptable_picture_is_refused_with_its_code_and_leaves_nothing(
    guest: FlaskClient, tmp_path: Path
) -> None:
    for name, (data, status, code) in _REFUSED.items():
        for path in ("/api/uploads", "/api/cutouts"):
            refused(send(guest, path, data, name=f"{name}.jpg"), status, code)
    assert not list((tmp_path / "data").rglob("*"))
    assert guest.get("/api/assets").json == {"items": [], "nextCursor": None}
    assert guest.get("/api/jobs").json == {"items": [], "nextCursor": None}


def test_what_came_is_named_in_the_refusal(guest: FlaskClient) -> None:
    for data, words in (
        (b"%PDF-1.7", "This is a PDF; export its page as PNG with 300 dpi, or as SVG."),
        (_REFUSED["tiff of floats"][0], "This is a kind of TIFF that is not supported"),  # the decoder's own words
        (_REFUSED["animated gif"][0], "Animated pictures"),
    ):
        assert words in body(send(guest, "/api/uploads", data))["error"]["message"]


@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "TIFF", "GIF", "BMP"])
def test_other_formats_are_kept_as_a_png(guest: FlaskClient, kind: str) -> None:
    data = pictures.encoded(pictures.drawn(), kind)
    asset = upload(guest, data)
    assert (asset["contentType"], asset["width"], asset["height"]) == ("image/png", 40, 30)
    assert (asset["sha256"], asset["bytes"]) == (hashlib.sha256(data).hexdigest(), len(data))
    assert upload(guest, data) == asset
    kept = guest.get(asset["url"], buffered=True)
    with Image.open(io.BytesIO(kept.data), formats=("PNG",)) as image:
        assert image.size == (40, 30)


def test_formats_can_be_switched_off(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("INPUT_FORMATS", "jpeg, TIFF")
    guest = start().guest()
    upload(guest, pictures.jpeg())
    upload(guest, pictures.encoded(pictures.drawn(), "TIFF"))
    for kind in ("PNG", "WEBP", "HEIF", "GIF"):
        answer = send(guest, "/api/uploads", pictures.encoded(pictures.drawn(), kind))
        refused(answer, 415, "unsupported_image")
        assert "accepted are JPEG and TIFF" in answer.text


def test_a_refusal_for_size_states_the_limits(guest: FlaskClient) -> None:
    details = refused(send(guest, "/api/uploads", build.claiming_png(8000, 6251, 1, 0)), 422, "image_too_large")
    assert details == {"width": 8000, "height": 6251, "maxPixels": 50_000_000, "maxSide": 16_000}


def test_twenty_megabytes_are_accepted_and_one_byte_more_is_not(guest: FlaskClient) -> None:
    full = bytes(images.MAX_BYTES)
    refused(send(guest, "/api/uploads", full), 415, "unsupported_image")  # inspected, so it was not too large
    refused(send(guest, "/api/uploads", full + b"\0"), 413, "body_too_large")
    refused(send(guest, "/api/uploads", full + bytes(request_body.ENVELOPE_BYTES)), 413, "body_too_large")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/my shirt.png", "my shirt.jpeg"),
        ("C:\\pictures\\shirt.jpg", "shirt.jpeg"),
        ("a\x00b\x1b.jpg", "ab.jpeg"),
        ("x" * 300, "x" * 120 + ".jpeg"),
        ("", "picture.jpeg"),
    ],
)
def test_a_file_name_is_reduced_to_a_short_plain_name(sent: str, kept: str) -> None:
    assert f"{upload_parser.plain_name(sent).removesuffix('.jpg').removesuffix('.png') or 'picture'}.jpeg" == kept


def test_without_the_database_uploads_are_unavailable(
    start: Start, monkeypatch: pytest.MonkeyPatch, lose_database: Callable[[], None]
) -> None:
    monkeypatch.setattr(timeouts, "POOL_WAIT_S", 0.2)
    api = start()
    guest = api.guest()
    asset = upload(guest)
    lose_database()
    refused(send(guest, "/api/uploads", pictures.png()), 503, "unavailable")
    refused(send(guest, "/api/cutouts", pictures.png()), 503, "unavailable")
    refused(guest.get("/api/jobs"), 503, "unavailable")
    refused(guest.get(asset["url"]), 503, "unavailable")


def test_without_storage_uploads_are_unavailable_and_leave_no_row(api: Api, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "objects").write_text("in the way")
    guest = api.guest()
    refused(send(guest, "/api/uploads", pictures.jpeg()), 503, "unavailable")
    refused(send(guest, "/api/cutouts", pictures.jpeg()), 503, "unavailable")
    with api.deps.database.transaction() as connection:
        assert connection.execute("select id from assets").fetchall() == []
        assert connection.execute("select id from jobs").fetchall() == []
    (tmp_path / "data" / "objects").unlink()
    upload(guest)


def test_a_drawing_is_remembered_as_one(api: Api) -> None:
    guest = api.guest()
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M2 2h20v20h-20z"/></svg>'
    for data, drawn in ((drawing, True), (pictures.png(), False)):
        asset_id = UUID(upload(guest, data)["id"])
        with api.deps.database.transaction() as connection:
            kept = assets.find(connection, None, asset_id)
        assert kept is not None
        assert kept.drawn is drawn
