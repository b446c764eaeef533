"""The stream of pixels is followed to its end across blocks, passes and chunks."""

import io
import random
import struct
import zlib

import pytest
from PIL import Image

from shared.errors import UnreadableImage, UnsupportedImage
from shared.image_format import exif, png
from tests.hostile import build


def filtered(width: int, height: int, *, wrong: int | None = None) -> bytes:
    """An RGB picture of noise larger than a block, with a valid filter in each row but one."""
    chance = random.Random(5)
    raw = b"".join(bytes([9 if y == wrong else y % 5]) + chance.randbytes(3 * width) for y in range(height))
    return build.png(width, height, stream=zlib.compress(raw, 0))


def test_filters_are_checked_in_every_block() -> None:
    png.check(png.read(filtered(500, 1_500)))
    for row in (0, 1, 700, 1_499):
        with pytest.raises(UnreadableImage):
            png.check(png.read(filtered(500, 1_500, wrong=row)))


@pytest.mark.parametrize("width", [16, 17, 18, 19, 20, 21, 22, 23])
def test_each_interlacing_pass_has_its_own_row_size(width: int) -> None:
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
            png.check(png.read(data))  # extra bytes do no harm


def test_a_stream_is_not_read_beyond_the_pixels() -> None:
    deflate = zlib.compressobj()
    long = deflate.compress(bytes(4 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    png.check(png.read(build.png(16, 16, stream=long + b"no deflate stream")))


def test_chunks_after_the_pixels_are_dropped_except_the_end() -> None:
    data = build.png(16, 16, after=build.chunk(b"pHYs", bytes(9)) + build.chunk(b"tRNS", bytes(6)))
    assert png.read(data).clean() == build.png(16, 16)


@pytest.mark.parametrize(("unit", "density"), [(1, (299.9994, 72.009)), (0, None), (2, None)])
def test_density_is_per_metre(unit: int, density: tuple[float, float] | None) -> None:
    data = build.png(16, 16, before=build.chunk(b"pHYs", struct.pack(">IIB", 11_811, 2_835, unit)))
    structure = png.read(data)
    assert structure.density == (density and pytest.approx(density))
    assert png.read(structure.clean()).density == structure.density


def test_density_stated_only_in_exif_is_preserved() -> None:
    data = build.png(16, 16, after=build.chunk(b"eXIf", exif.minimal(6, (300, 300))))
    assert png.read(png.read(data).clean()).density == pytest.approx((300, 300), rel=1e-4)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize(("kind", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_16_bit_grey_can_be_read_as_bytes(depth: int, kind: int, channels: int) -> None:
    data = build.png_of(16, 16, depth, kind, lambda x, y: tuple(4_000 * c % 256 + x + y for c in range(channels)))
    doubled = png.doubled(png.read(data))
    if depth == 8 or kind in (2, 6):
        assert doubled is None
        return
    assert doubled is not None
    png.check(png.read(doubled))
    with Image.open(io.BytesIO(doubled)) as image:
        bands = [band.tobytes() for band in image.split()]
    assert bands[0] == bytes(256)
    assert bands[1] == bytes(x + y for y in range(16) for x in range(16))


def test_the_png_variant_of_xcode_is_not_reported_as_damaged() -> None:
    plain = build.png(16, 16)
    with pytest.raises(UnsupportedImage, match="kind of PNG that is not supported"):
        png.read(plain[:8] + build.chunk(b"CgBI", bytes(4)) + plain[8:])
