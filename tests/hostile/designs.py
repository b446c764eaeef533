"""Random RGBA pictures as PNG, from 16 x 16 to 24 megapixels: what a printer hopes never to be sent."""

import io
from collections.abc import Callable, Mapping
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
_LEAST, _MOST_BYTES = 16, 20_000_000  # what the api takes: pixels of a side, bytes of a file
_LONGEST = 16_000  # pixels of a side, as the api takes them


def draw(chance: Random, most: int) -> tuple[str, bytes]:
    """A picture of at most so many pixels, and its name, which tells kind and size."""
    kind = chance.choice(sorted(KINDS))
    width, height = _size(chance, most)
    data = _png(KINDS[kind](np.random.default_rng(chance.getrandbits(32)), height, width))
    if len(data) > _MOST_BYTES:  # noise has no smaller file
        return draw(chance, most)
    return f"{kind} of {width} x {height}", data


def _size(chance: Random, most: int) -> tuple[int, int]:
    """Any number of pixels and any proportions are likely, also a strip of 16 pixels."""
    pixels = round(_LEAST**2 * (most / _LEAST**2) ** chance.random())
    longest = min(pixels // _LEAST, _LONGEST)
    width = round(_LEAST * (longest / _LEAST) ** chance.random())
    return width, max(_LEAST, min(pixels // width, _LONGEST))


def _png(pixels: Pixels) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=1)
    return out.getvalue()


Generator = np.random.Generator


def _filled(height: int, width: int, *rgba: int) -> Pixels:
    return np.full((height, width, 4), rgba, np.uint8)


def _empty(rng: Generator, height: int, width: int) -> Pixels:
    return _filled(height, width, *rng.integers(0, 256, 3), 0)


def _full(rng: Generator, height: int, width: int) -> Pixels:
    return _filled(height, width, *rng.integers(0, 256, 3), 255)


def _faint(rng: Generator, height: int, width: int) -> Pixels:
    return _filled(height, width, *rng.integers(0, 256, 3), int(rng.integers(1, 20)))


def _noise(rng: Generator, height: int, width: int) -> Pixels:
    return rng.integers(0, 256, (height, width, 4), np.uint8)


def _coarse_noise(rng: Generator, height: int, width: int) -> Pixels:
    """Noise in blocks, hard and soft, so that its file stays small."""
    side = int(rng.integers(2, 24))
    blocks = _noise(rng, height // side + 1, width // side + 1)
    if rng.random() < 0.5:
        blocks[..., 3] = np.where(blocks[..., 3] < 128, 0, 255)
    return np.ascontiguousarray(blocks.repeat(side, 0).repeat(side, 1)[:height, :width])


def _single_pixels(rng: Generator, height: int, width: int) -> Pixels:
    pixels = _filled(height, width, 0, 0, 0, 0)
    for _ in range(int(rng.integers(1, 40))):
        pixels[rng.integers(height), rng.integers(width)] = (*rng.integers(0, 256, 3), rng.integers(1, 256))
    return pixels


def _gradient(rng: Generator, height: int, width: int) -> Pixels:
    """Each channel rises to the right, to the left, downwards or not at all."""
    across, down = np.linspace(0, 255, width), np.linspace(0, 255, height)[:, None]
    ways = (across[None], across[None, ::-1], down, np.array([[255.0]]))
    channels = [np.broadcast_to(ways[rng.integers(4)], (height, width)) for _ in range(4)]
    return np.stack(channels, axis=2).astype(np.uint8)


def _lines(rng: Generator, height: int, width: int) -> Pixels:
    """Lines a pixel wide, a few pixels apart."""
    pixels = _filled(height, width, 0, 0, 0, 0)
    colour = (*rng.integers(0, 256, 3), 255)
    pixels[:: int(rng.integers(2, 9))] = colour
    if rng.random() < 0.5:
        pixels[:, :: int(rng.integers(2, 9))] = colour
    return pixels


def _frame(rng: Generator, height: int, width: int) -> Pixels:
    """Ink at the border only."""
    pixels = _full(rng, height, width)
    pixels[1:-1, 1:-1, 3] = 0
    return pixels


KINDS: Mapping[str, Callable[[Generator, int, int], Pixels]] = {
    "empty": _empty,
    "full": _full,
    "faint": _faint,
    "noise": _noise,
    "coarse noise": _coarse_noise,
    "single pixels": _single_pixels,
    "gradient": _gradient,
    "lines": _lines,
    "frame": _frame,
}
