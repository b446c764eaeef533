"""Lines thinner than a printer can lay, and gaps that fill with ink: what a disk of their width cannot reach.

Widths are told apart on a grid where the limit is 5 to 10 pixels, coarser than the picture or twice as fine, since
alpha knows an edge to a part of a pixel. Corners, which a disk does not reach either, drop out by their length. Only
tiles with an outline are looked at.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from services.worker.prepress import morphology
from services.worker.prepress.arrays import Pixels, Points, points_of
from services.worker.prepress.pull_push import doubled
from services.worker.prepress.rim import HALF
from services.worker.prepress.tiles import Tile, tiles
from services.worker.prepress.working_copy import reduced

_LIMIT_PIXELS = 5  # of the grid, at least
_FINER = 2  # times, where the picture is coarser
_LEAST_PIXELS = 1.5  # under so many of the picture, widths cannot be told apart
_LENGTH = 2  # in widths
_TILE = 256


@dataclass(frozen=True, slots=True)
class Strokes:
    """What is too thin: its share of the mask, connected parts, and points, each of `factor` pixels."""

    share: float = 0.0
    parts: int = 0
    points: Points = (np.zeros(0, np.intp), np.zeros(0, np.intp))
    factor: int = 1


def thin(alpha: Pixels, limit: float, *, gaps: bool = False) -> Strokes:
    """Find ink, or with `gaps` clear spaces, narrower than `limit` pixels."""
    if limit < _LEAST_PIXELS:
        return Strokes()
    factor = max(1, int(limit / _LIMIT_PIXELS))
    finer = 1 if limit >= _LIMIT_PIXELS else _FINER
    levels = reduced(255 - alpha if gaps else alpha, factor)
    diameter = round(limit / factor * finer)
    found = [_residue(levels, tile, diameter, finer) for tile in tiles(levels.shape, _TILE // finer)]
    rows, columns = (np.concatenate(axis) for axis in zip(*found, strict=True))
    parts = _long_parts(rows, columns, _LENGTH * diameter)
    long = parts > 0
    size = max(1, int(np.count_nonzero(levels >= HALF))) * finer**2
    points = (rows[long] // finer, columns[long] // finer)
    return Strokes(float(long.sum() / size), len(np.unique(parts[long])), points, factor)


def _residue(levels: Pixels, tile: Tile, diameter: int, finer: int) -> Points:
    """Points of the finer grid that the disk does not reach."""
    margin = math.ceil(2 * diameter / finer)
    window = tile.window(levels, margin)
    if window.min() >= HALF or window.max() < HALF:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    mask = np.asarray((doubled(window.astype(np.float32)) if finer == _FINER else window) >= HALF)
    left = (mask & ~morphology.without_thin(mask, diameter))[tile.scaled(finer).inner(margin * finer)]
    rows, columns = points_of(left)
    return rows + tile.top * finer, columns + tile.left * finer


def _long_parts(rows: NDArray[np.intp], columns: NDArray[np.intp], least: int) -> NDArray[np.intp]:
    """The number of the connected part that each point belongs to, 0 for parts shorter than `least`."""
    if not len(rows):
        return rows
    occupied = np.zeros((rows.max() // 2 + 1, columns.max() // 2 + 1), np.bool_)
    occupied[rows // 2, columns // 2] = True
    labels = ndimage.label(occupied, np.ones((3, 3)))[0]
    lengths = [2 * np.hypot(*(part.stop - part.start for part in box)) for box in ndimage.find_objects(labels)]
    kept = np.arange(len(lengths) + 1) * np.array([False, *(length >= least for length in lengths)])
    return np.asarray(kept[labels[rows // 2, columns // 2]])
