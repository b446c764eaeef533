"""A valid orientation is found, and anything else is ignored."""

import struct
import time

import pytest
from PIL import Image

from shared.image_format import exif
from shared.image_format.structure import Density


def tiff(order: str, tag: int = 0x0112, kind: int = 3, value: int = 6, entries: int = 1) -> bytes:
    head = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8)
    return head + struct.pack(f"{order}HHHIHHI", entries, tag, kind, 1, value, 0, 0)


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders_are_read_with_and_without_the_jpeg_header(order: str) -> None:
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
def test_anything_else_counts_as_upright(data: bytes) -> None:
    assert exif.read(data).orientation == 1


@pytest.mark.parametrize("value", range(1, 9))
def test_other_readers_find_the_orientation_in_the_minimal_form(value: int) -> None:
    assert exif.read(exif.minimal(value)).orientation == value
    others = Image.Exif()
    others.load(exif.HEADER + exif.minimal(value))
    assert dict(others) == ({0x0112: value} if value > 1 else {})


@pytest.mark.parametrize("density", [(300, 300), (72, 150.5), (11_811 * 0.0254, 1_000 / 3)])
@pytest.mark.parametrize("orientation", [1, 6])
def test_other_readers_find_the_density_in_the_minimal_form(orientation: int, density: Density) -> None:
    facts = exif.read(exif.minimal(orientation, density))
    assert facts.orientation == orientation
    assert facts.density == pytest.approx(density, rel=1e-6)
    others = Image.Exif()
    others.load(exif.HEADER + exif.minimal(orientation, density))
    assert (float(others[0x011A]), float(others[0x011B]), others[0x0128]) == pytest.approx((*density, 2), rel=1e-6)


def paper(unit: int | None, across: object = 300.0, down: object = 200.0) -> bytes:
    written = Image.Exif()
    written[0x011A], written[0x011B], written[0x0128] = across, down, unit
    return written.tobytes()


@pytest.mark.parametrize(
    ("data", "density"),
    [
        (paper(2), (300, 200)),
        (paper(3), (762, 508)),
        (paper(1), None),
        (paper(7), None),
        (paper(2, 0.0), None),
        (paper(2, 200_000.0), None),
        (paper(2)[:-9], None),
    ],
    ids=["inch", "centimetre", "no unit", "unknown unit", "zero", "too much", "cut"],
)
def test_density_is_in_pixels_per_inch(data: bytes, density: Density | None) -> None:
    assert exif.read(data).density == (density and pytest.approx(density))


def test_directories_of_any_length_and_position_take_little_time() -> None:
    everywhere = b"MM\0*\0\0\0\x08\xff\xff" + struct.pack(">HHII", 0x8769, 4, 1, 8) * 65_535
    begun = time.process_time()
    assert exif.read(everywhere) == exif.Facts()
    assert time.process_time() - begun < 2
