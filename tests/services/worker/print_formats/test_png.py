"""PNG in strips: exact pixels and size, in chunks that readers accept, however tall."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.worker.print_formats import png
from services.worker.print_formats.strips import strips_of
from tests.services.worker import print_readers

PIXELS = np.random.default_rng(1).integers(0, 256, (2000, 700, 4), dtype=np.uint8)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "sheet.png"
    png.write(path, strips_of(PIXELS), (700, 2000), 300)
    return path


def test_pixels_and_size_are_read_back(path: Path) -> None:
    with Image.open(path) as found:
        assert np.array_equal(np.asarray(found), PIXELS)
        assert found.mode == "RGBA"
        assert found.info["dpi"] == pytest.approx((300, 300), abs=0.001)


def test_a_tall_picture_has_many_chunks_of_about_a_megabyte(path: Path) -> None:
    data = path.read_bytes()
    chunks, at = list[tuple[bytes, int]](), 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        chunks.append((kind, length))
        at += 12 + length
    sizes = [length for kind, length in chunks if kind == b"IDAT"]
    assert [kind for kind, _ in chunks] == [b"IHDR", b"sRGB", b"pHYs", *[b"IDAT"] * len(sizes), b"IEND"]
    assert len(sizes) > 3
    assert max(sizes) < 4 << 20


def test_a_plate_is_grey(tmp_path: Path) -> None:
    png.write(tmp_path / "plate.png", strips_of(PIXELS[..., 0]), (700, 2000), 720, samples=1)
    with Image.open(tmp_path / "plate.png") as found:
        assert found.mode == "L"
        assert np.array_equal(np.asarray(found), PIXELS[..., 0])


def test_the_same_pixels_make_the_same_file_whatever_the_strips(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.png"
    png.write(other, [PIXELS[:3], PIXELS[3:1000], PIXELS[1000:]], (700, 2000), 300)
    with Image.open(path) as one, Image.open(other) as two:
        assert one.tobytes() == two.tobytes()
    again = tmp_path / "again.png"
    png.write(again, strips_of(PIXELS), (700, 2000), 300)
    assert again.read_bytes() == path.read_bytes()


def test_missing_rows_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="rows"):
        png.write(tmp_path / "short.png", strips_of(PIXELS[:-1]), (700, 2000), 300)


def test_pngcheck_finds_nothing_wrong(path: Path) -> None:
    assert "No errors detected" in print_readers.run("pngcheck", "-v", path)


def test_libvips_reads_the_same_pixels(path: Path) -> None:
    assert np.array_equal(print_readers.vips(path, PIXELS.shape), PIXELS)
