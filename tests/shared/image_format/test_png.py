"""The stream of pixels is followed to its end across blocks, passes and chunks."""

import random
import zlib

import pytest

from shared.errors import UnreadableImage
from shared.image_format import png
from tests.hostile import build


def filtered(width: int, height: int, *, wrong: int | None = None) -> bytes:
    """An RGB picture of noise larger than a block, with a good filter in each row but one."""
    chance = random.Random(5)
    raw = b"".join(bytes([9 if y == wrong else y % 5]) + chance.randbytes(3 * width) for y in range(height))
    return build.png(width, height, stream=zlib.compress(raw, 0))


def test_filters_are_checked_in_every_block() -> None:
    png.check(png.read(filtered(500, 1_500)))
    for row in (0, 1, 700, 1_499):
        with pytest.raises(UnreadableImage):
            png.check(png.read(filtered(500, 1_500, wrong=row)))


@pytest.mark.parametrize("width", [16, 17, 18, 19, 20, 21, 22, 23])
def test_each_interlacing_pass_has_its_own_rows(width: int) -> None:
    whole = build.png_of(width, 19, 4, 0, lambda x, y: ((x + y) % 16,), interlaced=True)
    png.check(png.read(whole))
    position = whole.index(b"IDAT")
    raw = zlib.decompress(whole[position + 4 : -16])
    for rows, short in ((raw[:-1], True), (raw + b"\x09", False)):
        data = build.png(width, 19, 4, 0, stream=zlib.compress(rows), interlaced=1)
        if short:
            with pytest.raises(UnreadableImage):
                png.check(png.read(data))
        else:
            png.check(png.read(data))  # more than is needed harms nobody


def test_a_stream_is_not_read_beyond_its_picture() -> None:
    deflate = zlib.compressobj()
    long = deflate.compress(bytes(4 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    png.check(png.read(build.png(16, 16, stream=long + b"no deflate stream")))


def test_what_stands_after_the_pixels_is_dropped_unless_it_ends_them() -> None:
    data = build.png(16, 16, after=build.chunk(b"pHYs", bytes(9)) + build.chunk(b"tRNS", bytes(6)))
    assert png.read(data).clean() == build.png(16, 16)
