"""Masks of very wide and very tall pictures, put together from overlapping tiles along the long side.

A network sees each picture squeezed into a square. Lettering of 20:1 squeezed so comes back as one smear; tile by tile
it comes back as letters.
"""

import math
from collections.abc import Callable

import numpy as np
from PIL import Image

from shared.errors import UnknownForeground

# Measured on rendered lettering: squeezed 4:1 costs a tenth of the IoU, 8:1 a third; at 20:1 twelve tiles are within
# .03 of a tile for each square, and each takes an inference. Below 4:1 the whole subject in one view is worth more: a
# standing person is 3:1.
_RATIO = 4
_MOST_TILES = 12
_OVERLAP = 0.25  # of a tile, where two are blended


def is_elongated(width: int, height: int) -> bool:
    return max(width, height) > _RATIO * min(width, height)


def mask(picture: Image.Image, size: int, mask_square: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """The mask (mode L) of an elongated picture, at most `size` on its short side.

    `mask_square` gives the mask of one tile, size x size. Tiles without a subject are clear. Raises UnknownForeground
    when all of them are.
    """
    upright = picture.height > picture.width
    length, breadth = max(picture.size), min(picture.size)
    starts, side = _tiles(length, breadth)
    scale = min(1.0, size / breadth)
    blended = np.zeros((round(breadth * scale), round(length * scale)), np.float32)
    weights = np.zeros(blended.shape[1], np.float32)
    found = False
    for start in starts:
        box = (0, start, breadth, start + side) if upright else (start, 0, start + side, breadth)
        try:
            tile = mask_square(picture.crop(box))
            found = True
        except UnknownForeground:
            tile = Image.new("L", (size, size))
        left, right = round(start * scale), round((start + side) * scale)
        shape = (blended.shape[0], right - left) if upright else (right - left, blended.shape[0])
        levels = np.asarray(tile.resize(shape, Image.Resampling.LANCZOS), np.float32)
        weight = _ramps(right - left)
        blended[:, left:right] += (levels.T if upright else levels) * weight
        weights[left:right] += weight
    if not found:
        raise UnknownForeground()
    levels = np.rint(blended / weights).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(levels.T) if upright else levels)


def _tiles(length: int, breadth: int) -> tuple[list[int], int]:
    """Where tiles start along the long side, and how long they are: as long as broad, or longer if too many."""
    step = 1 - _OVERLAP
    count = min(_MOST_TILES, math.ceil((length - breadth) / (breadth * step)) + 1)
    side = max(breadth, round(length / (1 + (count - 1) * step)))
    return [round(number * (length - side) / (count - 1)) for number in range(count)], side


def _ramps(length: int) -> np.ndarray:
    """The weight of each column of a tile, falling towards both ends over the overlap."""
    to_the_end = np.minimum(np.arange(length), np.arange(length)[::-1]) + 0.5
    return np.minimum(1.0, to_the_end / (_OVERLAP * length)).astype(np.float32)
