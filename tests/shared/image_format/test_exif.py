"""The orientation is found where it is stated well, and nothing else is believed."""

import struct

import pytest
from PIL import Image

from shared.image_format import exif


def tiff(order: str, tag: int = 0x0112, kind: int = 3, value: int = 6, entries: int = 1) -> bytes:
    head = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8)
    return head + struct.pack(f"{order}HHHIHHI", entries, tag, kind, 1, value, 0, 0)


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders_are_read_with_and_without_the_header_of_jpeg(order: str) -> None:
    assert exif.read(tiff(order)).orientation == 6
    assert exif.read(exif.HEADER + tiff(order)).orientation == 6
    assert exif.read(memoryview(tiff(order))).orientation == 6


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"II*\0",
        b"nonsense" * 10,
        tiff("<", tag=0x0113),
        tiff("<", kind=4),
        tiff("<", value=0),
        tiff("<", value=9),
        tiff("<")[:-8],
        tiff("<", tag=1, entries=65_535),
        b"II*\0\xff\xff\xff\xff" + bytes(20),
    ],
    ids=["empty", "cut", "nonsense", "absent", "long", "zero", "nine", "short", "too many entries", "offset outside"],
)
def test_anything_else_is_upright(data: bytes) -> None:
    assert exif.read(data).orientation == 1


@pytest.mark.parametrize("value", range(1, 9))
def test_the_minimal_form_holds_the_orientation_for_others_too(value: int) -> None:
    assert exif.read(exif.minimal(value)).orientation == value
    others = Image.Exif()
    others.load(exif.HEADER + exif.minimal(value))
    assert dict(others) == ({0x0112: value} if value > 1 else {})
