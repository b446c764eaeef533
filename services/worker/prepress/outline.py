"""The outline of a soft cut-out as signed distances: positive inside, in pixels, near the contour.

A threshold would make stairs. The distance is read from the smoothed field instead, (u - 1/2) / |grad u|, so that an
edge made from it is one pixel wide along the true contour. Tiles without an outline are only filled.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from services.worker.prepress import colour_vote
from services.worker.prepress.arrays import Pixels, Plane
from services.worker.prepress.tiles import Tile, tiles
from services.worker.prepress.working_copy import reduced

ZERO, PER_PIXEL = 128, 64  # a distance is stored in a byte, from -2 to just under 2 pixels
_CLEAR, _OPAQUE = 12, 243  # alpha at which nothing is decided any more: 0.05 and 0.95
_CRISP = 2.5  # a narrower rim is a lens's; colours have nothing to decide
_RIM_CELLS = 3  # a wide rim has no fine detail: colours decide in cells, at least so many to a rim
_SMOOTHED, _SMOOTHED_LEAST, _SMOOTHED_MOST = 0.12, 0.6, 2.0  # sigma: a share of the rim, and its bounds
_SMOOTHED_CELLS = 0.8  # and at least so many cells, whose steps would show as waves
_FLATTEST = np.float32(0.02)  # slope of alpha a pixel; where it is less, there is no contour
_SIGMAS = 3.0  # reach of a Gaussian
_INTERPOLATED = 2  # cells that an interpolated pixel depends on, to each side


@dataclass(frozen=True, slots=True)
class _Field:
    """What crosses a half at the contour, 0 to 255, in cells of `factor` pixels; `sigma` smooths it, in pixels."""

    cells: Pixels
    factor: int
    sigma: float


def distances(alpha: Pixels, photo: Pixels | None, rim: float, tile: int) -> Pixels:
    """`photo` lets colours decide in a soft rim of this width; `tile` is the side of one. See ZERO and PER_PIXEL."""
    field = _field(alpha, photo if rim > _CRISP else None, rim, tile)
    out = np.empty_like(alpha)
    for part in tiles(alpha.shape, tile // field.factor * field.factor):
        out[part.core] = _distances(field, part)
    return out


def _field(alpha: Pixels, photo: Pixels | None, rim: float, tile: int) -> _Field:
    sigma = float(np.clip(_SMOOTHED * rim, _SMOOTHED_LEAST, _SMOOTHED_MOST))
    if photo is None:
        return _Field(alpha, 1, sigma)
    factor = max(1, int(rim // _RIM_CELLS))
    cells = np.empty([math.ceil(side / factor) for side in alpha.shape], np.uint8)
    for part in tiles(cells.shape, 2 * tile):
        cells[part.core] = _decided(alpha, photo, part, factor, rim)
    return _Field(cells, factor, sigma if factor == 1 else max(sigma, _SMOOTHED_CELLS * factor))


def _decided(alpha: Pixels, photo: Pixels, cells: Tile, factor: int, rim: float) -> Pixels | int:
    pixels, margin = cells.scaled(factor), colour_vote.REACH * factor
    window = pixels.window(alpha, margin)
    if (flat := _flat(window)) is not None:
        return flat
    small = reduced(window, factor), reduced(pixels.window(photo, margin), factor)
    return _bytes(colour_vote.decide(*small, rim / factor)[cells.inner(colour_vote.REACH)] * 255)


def _distances(field: _Field, tile: Tile) -> Pixels | int:
    cells = tile.scaled_down(field.factor)
    margin = math.ceil((_SIGMAS * field.sigma + 2) / field.factor) + _INTERPOLATED
    window = cells.window(field.cells, margin)
    if (flat := _flat(window)) is not None:
        return flat
    smooth = ndimage.gaussian_filter(window.astype(np.float32) / 255, field.sigma / field.factor, truncate=_SIGMAS)
    signed = _signed(_enlarged(smooth, field.factor))
    return _bytes(signed[tile.inner(margin * field.factor)] * PER_PIXEL + ZERO)


def _flat(window: Pixels) -> int | None:
    """A constant for a window without an outline."""
    if window.max() <= _CLEAR:
        return 0
    return 255 if window.min() >= _OPAQUE else None


def _enlarged(cells: Plane, factor: int) -> Plane:
    size = (cells.shape[1] * factor, cells.shape[0] * factor)
    return np.asarray(Image.fromarray(cells).resize(size, Image.Resampling.BICUBIC)) if factor > 1 else cells


def _signed(smooth: Plane) -> Plane:
    down, across = np.gradient(smooth)
    return np.asarray((smooth - np.float32(0.5)) / np.maximum(np.hypot(down, across), _FLATTEST))


def _bytes(plane: Plane) -> Pixels:
    return np.asarray(np.clip(plane + np.float32(0.5), 0, 255).astype(np.uint8))
