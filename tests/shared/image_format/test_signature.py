"""A file's real format is named, and the error says what to do."""

import struct

import pytest
from PIL import Image

from shared.errors import UnreadableImage, UnsupportedImage
from shared.image_format.signature import recognise
from shared.image_format.structure import STORED, Format
from tests.hostile import convertible
from tests.hostile.benign import Benign
from tests.hostile.build import encoded

EVERYTHING = list(Format)


@pytest.mark.parametrize("case", convertible.honest(), ids=str)
def test_each_format_is_recognised_by_its_first_bytes(case: Benign) -> None:
    assert recognise(case.data, EVERYTHING) == case.name.split()[0]


@pytest.mark.parametrize(
    ("data", "name", "advice"),
    [
        (b"%PDF-1.7\n", "PDF", "export its page as PNG"),
        (b"From: me\r\n\r\n%PDF-1.4", "PDF", "export its page"),
        (b"8BPS\0\1" + bytes(40), "PSD", "save a copy as PNG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "EPS", "export it as SVG"),
        (b"II*\0\x10\0\0\0CR\2\0", "raw file", "send the JPEG"),
        (b"FUJIFILMCCD-RAW 0201", "raw file", "send the JPEG"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1", "raw file", "send the JPEG"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL", "save it as PNG"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000", "save it as PNG"),
        (b"\0\0\1\0\1\0", "ICO", "save the picture as PNG"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video", "send one picture"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "video", "send one picture"),
        (b"PK\3\4" + bytes(40), "ZIP archive", "send the picture in it"),
        (b"\x1f\x8b\x08" + bytes(40), "gzip", "unpack it"),
        (b"\n<!doctype html><html>", "web page", "picture's own file"),
        (b"hello", "not a picture", "Accepted are"),
    ],
)
def test_an_unsupported_format_is_named_with_advice(data: bytes, name: str, advice: str) -> None:
    with pytest.raises(UnsupportedImage, match=name) as refused:
        recognise(data, EVERYTHING)
    assert advice in refused.value.public


def test_a_disabled_format_is_named_with_the_enabled_ones() -> None:
    tiff = encoded(Image.new("L", (16, 16)), "TIFF")
    with pytest.raises(UnsupportedImage, match=r"This is a picture in TIFF; accepted are JPEG, PNG and WebP\."):
        recognise(tiff, STORED)
    with pytest.raises(UnsupportedImage, match=r"accepted are JPEG\."):
        recognise(tiff, [Format.JPEG])


@pytest.mark.parametrize("data", [b"", b"\x89PN", b"\xff\xd8"])
def test_less_than_a_signature_is_unreadable(data: bytes) -> None:
    with pytest.raises(UnreadableImage):
        recognise(data, EVERYTHING)


def test_an_iso_file_is_recognised_by_any_of_its_brands() -> None:
    def boxed(*brands: bytes) -> bytes:
        return struct.pack(">I", 12 + 4 * len(brands)) + b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:])

    assert recognise(boxed(b"mif1", b"avif"), EVERYTHING) == Format.AVIF
    assert recognise(boxed(b"mif1", b"heic"), EVERYTHING) == Format.HEIC
    assert recognise(boxed(b"heix", b"mif1"), EVERYTHING) == Format.HEIC
    with pytest.raises(UnsupportedImage, match="video"):
        recognise(boxed(b"isom", b"mp42"), EVERYTHING)
