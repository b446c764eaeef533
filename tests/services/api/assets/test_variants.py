"""Web variants: small, upright, without metadata, made once."""

import io
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from services.api.assets.variants import BOXES
from shared import errors, images
from tests.hostile import benign, build
from tests.services import pictures
from tests.services.api.client import key_of, refused, upload
from tests.services.api.conftest import Api

CASES = {case.name: case for case in benign.files()}


def _shown(guest: FlaskClient, asset: Mapping[str, str], name: str) -> tuple[TestResponse, Image.Image]:
    response = guest.get(f"{asset['url']}?w={name}", buffered=True)
    assert response.status_code == 200, response.text
    picture = Image.open(io.BytesIO(response.data))
    picture.load()
    return response, picture


def test_a_variant_fits_and_is_never_enlarged(guest: FlaskClient) -> None:
    for size, name, shown in (
        ((3000, 1500), "400", (400, 200)),
        ((3000, 1500), "web", (2000, 1000)),
        ((1500, 3000), "1600", (1000, 2000)),
        ((500, 300), "800", (500, 300)),
        ((16, 9000), "400", (4, 2000)),
    ):
        _, picture = _shown(guest, upload(guest, pictures.jpeg(*size)), name)
        assert picture.size == shown


def test_an_opaque_picture_becomes_a_progressive_jpeg_and_any_other_a_webp(guest: FlaskClient) -> None:
    for data in (pictures.jpeg(), pictures.png(), pictures.encoded(pictures.drawn(), "WEBP")):
        response, picture = _shown(guest, upload(guest, data), "400")
        assert (response.content_type, picture.format, picture.info["progressive"]) == ("image/jpeg", "JPEG", 1)
    response, picture = _shown(guest, upload(guest, pictures.cutout()), "400")
    assert (response.content_type, picture.format, picture.mode) == ("image/webp", "WEBP", "RGBA")
    assert picture.getchannel("A").getextrema() == (0, 255)


def test_a_variant_is_upright_however_the_camera_was_held(guest: FlaskClient) -> None:
    turned = [case for case in CASES.values() if " held as " in case.name]
    assert {case.orientation for case in turned} == set(range(1, 9))
    for case in turned:
        response, picture = _shown(guest, upload(guest, case.data), "800")
        assert picture.size == case.size
        assert benign.SECRET.encode() not in response.data
        assert not picture.getexif()
        for middle, expected in zip(benign.middles(picture), case.corners, strict=True):
            seen = picture.getpixel(middle)
            assert isinstance(seen, tuple)
            assert all(abs(one - other) <= 2 * benign.LOSSY for one, other in zip(seen, expected, strict=True)), case


def test_a_colour_profile_is_applied_and_removed(guest: FlaskClient) -> None:
    case = CASES["jpeg with red and green swapped by its profile"]
    _, picture = _shown(guest, upload(guest, case.data), "400")
    assert "icc_profile" not in picture.info
    red, green, _ = picture.getpixel(benign.middles(picture)[0])  # type: ignore[misc]
    assert red > green


def test_a_variant_is_made_once_and_stored_beside_its_picture(
    guest: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = upload(guest)
    first, _ = _shown(guest, asset, "400")
    (kept,) = (path for path in (tmp_path / "data").rglob("*-w400.jpeg"))
    assert kept.read_bytes() == first.data
    assert kept.name[:64] == key_of(asset["url"])[:64]
    monkeypatch.setattr(images, "inspect", lambda _: pytest.fail("made again"))
    again, _ = _shown(guest, asset, "400")
    assert again.data == first.data
    assert again.headers["ETag"] == first.headers["ETag"] != guest.get(asset["url"], buffered=True).headers["ETag"]
    not_sent = guest.get(f"{asset['url']}?w=400", headers={"If-None-Match": first.headers["ETag"]}, buffered=True)
    assert (not_sent.status_code, not_sent.data) == (304, b"")
    assert again.headers["Cache-Control"] == "private, max-age=3600"
    assert again.headers["Content-Security-Policy"].endswith("sandbox")


def test_concurrent_first_requests_make_a_variant_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    asset, made, real = upload(api.guest(), pictures.jpeg(1500, 1500)), [], api.deps.decoder.shrink

    def counted(data: bytes, info: images.ImageInfo, box: tuple[int, int]) -> tuple[bytes, str]:
        made.append(box)
        return real(data, info, box)

    monkeypatch.setattr(type(api.deps.decoder), "shrink", staticmethod(counted))
    responses: list[int] = []

    def ask() -> None:
        responses.append(api.guest().get(f"{asset['url']}?w=1600", buffered=True).status_code)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert responses == [200] * 6
    assert made == [BOXES["1600"]]


def test_other_widths_are_refused(guest: FlaskClient) -> None:
    asset = upload(guest)
    for name in ("401", "0", "-400", "2000", "400.0", "abc", "", "WEB", "400%00"):
        refused(guest.get(f"{asset['url']}?w={name}"), 400, "invalid_request")


def test_a_deleted_or_lost_picture_has_no_variants(api: Api) -> None:
    guest = api.guest()
    asset = upload(guest)
    api.deps.storage.delete(key_of(asset["url"]))
    refused(guest.get(f"{asset['url']}?w=400"), 404, "not_found")
    other = upload(guest, pictures.png())
    _shown(guest, other, "400")
    guest.delete(f"/api/assets/{other['id']}")
    refused(guest.get(f"{other['url']}?w=400"), 404, "not_found")


def test_a_full_queue_is_busy(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    asset = upload(api.guest())

    def busy(*_: object) -> None:
        raise errors.Busy

    monkeypatch.setattr(type(api.deps.decoder), "shrink", staticmethod(busy))
    refused(api.guest().get(f"{asset['url']}?w=400"), 503, "busy")


def test_a_small_file_that_decodes_to_too_much_memory_has_no_variants(guest: FlaskClient) -> None:
    asset = upload(guest, build.claiming_webp(7_000, 7_000))
    refused(guest.get(f"{asset['url']}?w=400"), 422, "too_complex")
    _shown(guest, upload(guest), "400")


def test_hidden_colours_do_not_bleed_into_a_variant(guest: FlaskClient) -> None:
    source = Image.new("RGBA", (1600, 1600), (0, 255, 0, 0))  # invisible green
    source.paste((*benign.RED, 255), (400, 400, 1200, 1200))
    _, picture = _shown(guest, upload(guest, build.encoded(source, "PNG")), "400")
    white = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    edge = [white.getpixel((x, 200)) for x in range(90, 112)]
    assert all(isinstance(pixel, tuple) and pixel[1] <= pixel[0] + 8 for pixel in edge)
