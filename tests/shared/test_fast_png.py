"""The encoder writes valid PNGs with exactly the given pixels; the decoder reads only those files."""

import io
import tracemalloc
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from shared import fast_png

Pixels = np.ndarray


def noise(*shape: int) -> Pixels:
    return np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8)


def decoded(data: bytes) -> Pixels:
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        image.load()  # checks every chunk's CRC and the stream's own checksum
        return np.asarray(image)


def same(found: Pixels | None, pixels: Pixels) -> bool:
    return found is not None and np.array_equal(found, pixels)


def chunks(data: bytes) -> dict[bytes, bytes]:
    found, at = {}, 8
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found[data[at + 4 : at + 8]] = data[at + 8 : at + 8 + size]
        at += 12 + size
    return found


@pytest.mark.parametrize("shape", [(1, 1), (1, 700, 4), (900, 1, 3), (33, 31), (40, 50, 3), (64, 48, 4), (700, 901, 4)])
def test_pixels_survive_exactly(shape: tuple[int, ...]) -> None:
    pixels = noise(*shape)
    assert np.array_equal(decoded(fast_png.encode(pixels)), pixels)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_flat_pictures_survive_exactly(value: int) -> None:
    pixels = np.full((2000, 1500, 4), value, np.uint8)
    data = fast_png.encode(pixels)
    assert np.array_equal(decoded(data), pixels)
    assert len(data) < 60_000


def test_views_with_any_strides_are_encoded_as_their_copies() -> None:
    base = noise(300, 400, 4)
    for view in (
        base[..., 3],
        base[..., :3],
        base[::-1, ::2],
        base.transpose(1, 0, 2),
        np.broadcast_to(base[:1], base.shape),
    ):
        assert fast_png.encode(view) == fast_png.encode(view.copy())


def test_a_row_longer_than_a_strip_is_encoded() -> None:
    pixels = noise(3, 400_000, 4)
    data = fast_png.encode(pixels)
    assert chunks(data)[b"IHDR"][:8] == (400_000).to_bytes(4, "big") + (3).to_bytes(4, "big")
    assert np.array_equal(decoded(data), pixels)


def test_the_given_pixels_are_not_modified() -> None:
    pixels = noise(50, 60, 4)
    before = pixels.copy()
    pixels.flags.writeable = False
    fast_png.encode(pixels)
    assert np.array_equal(pixels, before)


def test_dpi_is_stored_in_pixels_per_metre() -> None:
    physical = chunks(fast_png.encode(noise(4, 4), dpi=(300.0, 150.0)))[b"pHYs"]
    assert physical == (11811).to_bytes(4, "big") + (5906).to_bytes(4, "big") + b"\x01"
    assert b"pHYs" not in chunks(fast_png.encode(noise(4, 4)))


def test_colour_is_declared_as_srgb_and_a_mask_is_not() -> None:
    assert chunks(fast_png.encode(noise(4, 4, 3)))[b"sRGB"] == b"\x00"
    assert b"sRGB" not in chunks(fast_png.encode(noise(4, 4)))


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((4, 4), np.float32), np.zeros((4, 4, 2), np.uint8), np.zeros((0, 4), np.uint8), np.zeros(4, np.uint8)],
    ids=["float", "two channels", "empty", "one dimension"],
)
def test_other_arrays_are_refused(pixels: Pixels) -> None:
    with pytest.raises(ValueError, match="PNG"):
        fast_png.encode(pixels)


def test_memory_besides_the_pixels_is_one_strip_and_the_file() -> None:
    pixels = np.tile(noise(1, 2000, 4), (2000, 1, 1))  # 16 MB that compress to almost nothing
    tracemalloc.start()
    fast_png.encode(pixels)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


@pytest.mark.parametrize("edges", [[0, 900], [0, 1, 450, 900], [0, 300, 301, 899, 900]])
def test_bands_encoded_in_parallel_are_one_picture(edges: list[int]) -> None:
    pixels = noise(900, 700, 4)
    pixels[200:800] //= 64  # so that part of it is compressible
    bands = [[pixels[a:b][:100], pixels[a:b][100:]] if b - a > 100 else [pixels[a:b]] for a, b in pairwise(edges)]
    with ThreadPoolExecutor(3) as pool:
        assert np.array_equal(decoded(fast_png.encode_bands(bands, pixels.shape, each=pool.map)), pixels)


@pytest.mark.parametrize("shape", [(1, 1), (1, 700, 4), (900, 1, 3), (33, 31), (64, 48, 4), (700, 901, 4)])
def test_pixels_are_read_back_exactly(shape: tuple[int, ...]) -> None:
    pixels = noise(*shape)
    assert same(fast_png.decode(fast_png.encode(pixels, dpi=(300, 300)), shape[1], shape[0]), pixels)


def test_bands_are_read_back() -> None:
    pixels = noise(90, 40, 4)
    assert same(fast_png.decode(fast_png.encode_bands([[pixels[:50]], [pixels[50:]]], pixels.shape), 40, 90), pixels)


def test_files_of_other_encoders_are_not_read() -> None:
    out = io.BytesIO()
    Image.fromarray(noise(40, 30, 4)).save(out, "PNG")
    assert fast_png.decode(out.getvalue(), 30, 40) is None
    assert fast_png.decode(b"", 30, 40) is None
    assert fast_png.decode(b"<html>", 30, 40) is None


def test_a_file_of_another_size_is_not_read() -> None:
    whole = fast_png.encode(noise(9, 7, 4))
    assert fast_png.decode(whole, 7, 9) is not None
    assert fast_png.decode(whole, 9, 7) is fast_png.decode(whole, 7, 10) is None


def test_a_damaged_file_is_not_read_wherever_the_damage_is() -> None:
    whole = fast_png.encode(noise(9, 7, 4))
    assert all(fast_png.decode(whole[:at], 7, 9) is None for at in range(len(whole)))
    assert all(
        fast_png.decode(whole[:at] + bytes([byte ^ 1]) + whole[at + 1 :], 7, 9) is None for at, byte in enumerate(whole)
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda stream: stream + b"x",
        lambda stream: stream[:-1],
        lambda stream: stream[:-4] + b"\0\0\0\0",
        lambda stream: zlib.compress(zlib.decompress(stream) + b"\0"),
        lambda stream: zlib.compress(zlib.decompress(stream)[:-1]),
        lambda stream: zlib.compress(b""),
        lambda stream: zlib.compress(b"\4" + zlib.decompress(stream)[1:]),
    ],
    ids=["more after it", "cut", "checksum", "a byte more", "a byte less", "nothing in it", "a filter of others"],
)
def test_a_foreign_stream_is_not_read_even_with_our_chunk(change: Callable[[bytes], bytes]) -> None:
    whole = fast_png.encode(noise(9, 7, 4))
    stream = chunks(whole)[b"IDAT"]
    before, _, _ = whole.partition(b"IDAT")

    def held(new: bytes) -> bytes:
        body = b"IDAT" + new
        chunk = len(new).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
        return before[:-4] + chunk + whole[-12:]

    assert held(stream) == whole
    assert fast_png.decode(held(change(stream)), 7, 9) is None
