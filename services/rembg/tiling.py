"""Masks of very wide and very tall pictures: of the whole, or put together from overlapping tiles along the long side.

A network sees each picture squeezed into a square. Lettering of 20:1 squeezed so comes back as one smear, tile by tile
as letters. A car or a bar that is longer than a tile comes back whole when squeezed, but in its middle tiles there is
no ground, and the network cannot know it. So the squeezed view counts where the network is surer of it, unless it shows
much more ink, as a smear does.
"""

import math
from collections.abc import Callable

import numpy as np
from PIL import Image

from shared.errors import UnknownForeground
from shared.images.matte import uncertain_share

# Measured on rendered lettering: squeezed 4:1 costs a tenth of the IoU, 8:1 a third; at 20:1 twelve tiles are within
# .03 of a tile for each square, and each takes an inference. Below 4:1 the whole subject in one view is worth more: a
# standing person is 3:1.
_RATIO = 4
_MOST_TILES = 12
_OVERLAP = 0.25  # of a tile, where two are blended
# Of 17 rendered banners of 5:1 to 20:1 the squeezed view shows 1.1 to 3.3 times the ink, and at least .096 of it is
# unsure; of bars and cars it shows 1.0 to 1.6 times the ink, or where tiles lose the middle of a bar .016 is unsure.
_SMEAR, _SURE = 2.0, 0.05


def is_elongated(width: int, height: int) -> bool:
    return max(width, height) > _RATIO * min(width, height)


def mask(picture: Image.Image, size: int, mask_square: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """The mask (mode L) of an elongated picture: size x size, or of its proportions with `size` on its short side.

    `mask_square` gives the mask of the whole or of one tile, size x size. Raises UnknownForeground when no view has a
    subject.
    """
    try:
        tiled = _tiled(picture, size, mask_square)
    except UnknownForeground:
        return mask_square(picture)
    try:
        squeezed = mask_square(picture)
    except UnknownForeground:
        return tiled
    return squeezed if _is_better(squeezed, tiled) else tiled


def _is_better(squeezed: Image.Image, tiled: Image.Image) -> bool:
    unsure = uncertain_share(squeezed)
    smeared = _ink(squeezed) > _SMEAR * _ink(tiled)
    return unsure < uncertain_share(tiled) and (not smeared or unsure < _SURE)


def _ink(mask: Image.Image) -> float:
    """Of the picture, the share that the mask covers."""
    return float(np.asarray(mask).mean())


def _tiled(picture: Image.Image, size: int, mask_square: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """Tiles without a subject are clear. Raises UnknownForeground when all of them are."""
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
