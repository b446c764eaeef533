"""File names that look like paths or headers, and polyglot files: only the picture is stored and served."""

import io
import re
import zipfile

import pytest
from flask.testing import FlaskClient

from tests.hostile.build import segment
from tests.services import pictures
from tests.services.api.client import key_of, refused, send, upload

_JPEG = pictures.jpeg()
_SCRIPT = b"<script>alert(document.cookie)</script>"


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/passwd",
        "..\\..\\windows\\win.ini",
        "/etc/passwd",
        "shirt\0.jpg",
        "s" * 4096,
        "shirt.jpg%0d%0aSet-Cookie: session=stolen",
        "\u202egpj.exe",
        "shirt.svg",
        "shirt.html",
        "-rf",
        ".htaccess",
    ],
    ids=ascii,
)
def test_a_file_name_is_used_neither_as_a_path_nor_as_a_header_nor_as_a_type(guest: FlaskClient, name: str) -> None:
    response = send(guest, "/api/uploads", pictures.jpeg(), name)
    assert response.status_code == 201, response.text
    asset = response.get_json()
    assert key_of(asset["url"]).endswith(".jpeg")
    with guest.get(asset["url"], query_string={"download": "1"}) as served:
        assert served.data
    assert served.content_type == "image/jpeg"
    assert "Set-Cookie" not in served.headers
    disposition = served.headers["Content-Disposition"]
    assert disposition.isascii()
    assert disposition.isprintable()
    assert not re.search(r"[/\\]|\.(svg|html|exe)$", disposition)
    assert len(disposition) < 1000


def _zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("evil.html", _SCRIPT)
    return out.getvalue()


def _with_comment(jpeg: bytes) -> bytes:
    return jpeg[:2] + segment(0xFE, _SCRIPT) + jpeg[2:]


@pytest.mark.parametrize(
    "data",
    [
        pictures.jpeg() + _zipped(),
        pictures.png() + _zipped(),
        _with_comment(pictures.jpeg()),
        pictures.jpeg() + _SCRIPT,
    ],
    ids=["jpeg and zip", "png and zip", "jpeg with a script inside", "jpeg with a script behind"],
)
def test_a_polyglot_file_is_stored_as_a_picture_alone(guest: FlaskClient, data: bytes) -> None:
    asset = upload(guest, data)
    with guest.get(asset["url"]) as served:
        kept = served.data
    assert served.content_type == asset["contentType"]
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert served.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    for other in (_SCRIPT, b"PK\x03\x04", b"evil.html"):
        assert other not in kept


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"GIF89a/*" + bytes(40) + b"*/=1;alert(1)", 422, "unreadable_image"),
        (b"<svg xmlns='x'>" + _SCRIPT + b"</svg>", 422, "unreadable_image"),
        (b"<!doctype html>" + _SCRIPT, 415, "unsupported_image"),
        (_zipped(), 415, "unsupported_image"),
    ],
    ids=["gif and script", "svg of nothing", "html", "zip"],
)
def test_a_file_with_only_the_name_of_a_picture_is_refused(
    guest: FlaskClient, data: bytes, status: int, code: str
) -> None:
    refused(send(guest, "/api/uploads", data, "shirt.jpg"), status, code)


def test_a_script_in_an_svg_is_not_kept(guest: FlaskClient) -> None:
    drawn = (
        b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><rect width='9' height='9'/>" + _SCRIPT + b"</svg>"
    )
    asset = upload(guest, drawn)
    with guest.get(asset["url"]) as served:
        assert served.content_type == asset["contentType"] == "image/png"
        assert served.data.startswith(b"\x89PNG")
        assert _SCRIPT not in served.data
