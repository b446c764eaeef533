"""The file in each format."""

import io
import struct
import zipfile

import numpy as np
import pytest
from PIL import Image

from services.worker.composition import files
from shared.images import Copy
from shared.models.composition import Format
from tests.services.worker.composition.artwork import RED, block, opened

OPAQUE = Image.new("RGB", (40, 30), RED[:3])


def unpacked(copy: Copy) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(copy.data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    ("picture", "asked", "kind", "mode"),
    [
        (block(), Format.AUTO, "image/png", "RGBA"),
        (OPAQUE, Format.AUTO, "image/jpeg", "RGB"),
        (block(), Format.PNG, "image/png", "RGBA"),
        (OPAQUE, Format.PNG, "image/png", "RGB"),
        (block(), Format.JPG, "image/jpeg", "RGB"),
        (block(), Format.WEBP, "image/webp", "RGBA"),
        (OPAQUE, Format.WEBP, "image/webp", "RGB"),
    ],
)
def test_each_format_is_what_it_says(picture: Image.Image, asked: Format, kind: str, mode: str) -> None:
    copy = files.written(picture.copy(), asked, (150.0, 150.0))
    shown = opened(copy.data)
    assert (copy.content_type, Image.MIME[shown.format or ""], shown.mode) == (kind, kind, mode)
    assert copy.size == shown.size == picture.size


def test_a_jpg_is_filled_with_white() -> None:
    shown = opened(files.written(block(), Format.JPG, None).data)
    assert shown.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("asked", [Format.PNG, Format.JPG])
def test_the_resolution_is_kept(asked: Format) -> None:
    shown = opened(files.written(block(), asked, (150.0, 150.0)).data)
    assert [round(value) for value in shown.info["dpi"]] == [150, 150]


@pytest.mark.parametrize("picture", [block(), OPAQUE])
def test_a_zip_holds_exactly_colour_and_alpha_of_one_size(picture: Image.Image) -> None:
    parts = unpacked(files.written(picture.copy(), Format.ZIP, None))
    assert list(parts) == ["color.jpg", "alpha.png"]
    colour, alpha = (opened(data) for data in parts.values())
    assert (colour.format, colour.mode, colour.size) == ("JPEG", "RGB", picture.size)
    assert (alpha.format, alpha.size) == ("PNG", picture.size)
    bits, kind = struct.unpack_from(">BB", parts["alpha.png"], 24)
    assert (bits, kind) == (8, 0)  # greyscale, without alpha or palette


def test_colour_and_alpha_of_a_zip_make_the_picture_again() -> None:
    cutout = block()
    parts = unpacked(files.written(block(), Format.ZIP, None))
    alpha = opened(parts["alpha.png"])
    assert alpha.tobytes() == cutout.getchannel("A").tobytes()
    colour = np.asarray(opened(parts["color.jpg"])).astype(int)
    assert np.abs(colour - RED[:3]).max() <= 3  # everywhere, so that no block of JPEG mixes in a ground


def test_an_opaque_zip_has_a_white_alpha() -> None:
    assert opened(unpacked(files.written(OPAQUE, Format.ZIP, None))["alpha.png"]).getextrema() == (255, 255)


def test_a_zip_has_no_date_so_that_equal_pictures_are_equal_files() -> None:
    copy = files.written(block(), Format.ZIP, None)
    with zipfile.ZipFile(io.BytesIO(copy.data)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert copy.data == files.written(block(), Format.ZIP, None).data


def test_a_matte_is_a_grey_png() -> None:
    copy = files.matte(block().getchannel("A"), None)
    shown = opened(copy.data)
    assert (copy.content_type, shown.mode, shown.getextrema()) == ("image/png", "L", (0, 255))
