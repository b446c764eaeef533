"""Specks out and pinholes shut, on the stored distances of an outline.

Parts are told apart on a grid that keeps a speck several cells wide; small pictures are their own grid.
"""

import numpy as np

from services.worker.prepress import specks
from services.worker.prepress.arrays import Mask, Pixels
from services.worker.prepress.morphology import dilated
from services.worker.prepress.outline import PER_PIXEL, ZERO
from shared.models.print_edges import Removed

_GRID_PIXELS = 1.5e6
_CELLS = 3  # across a speck, at least
_OPAQUE = 230  # alpha: a mask that reaches it is sure of the part
_REMNANT = 16  # specks large: a smaller lone part of which the mask is nowhere sure is a remnant of the background


def clean(distances: Pixels, alpha: Pixels, least_mm2: float, pixel_mm2: float) -> Removed:
    """Remove in place lone parts of under `least_mm2`, and shut such holes; 0 changes nothing.

    `alpha` is that of the soft file, `pixel_mm2` the area of a pixel in print.
    """
    if not least_mm2:
        return Removed(0, 0.0, 0, 0.0)
    least = least_mm2 / pixel_mm2
    finest = int(np.ceil(np.sqrt(distances.size / _GRID_PIXELS)))
    factor = max(1, min(finest, int(np.sqrt(least) / _CELLS)))
    cells = least / factor**2
    inked = _blocks(distances, factor, np.maximum) > ZERO - PER_PIXEL // 2
    dirt = specks.islands(inked, cells)
    inked &= ~dirt.marks
    sure = inked & (_blocks(alpha, factor, np.maximum) >= _OPAQUE)
    remnants = specks.islands(inked, _REMNANT * cells, sure)
    gone = _put(distances, dirt.marks | remnants.marks, factor, 0)
    clear = np.pad(_blocks(distances, factor, np.minimum) < ZERO + PER_PIXEL // 2, 1, constant_values=True)
    holes = specks.pinholes(clear, cells)
    shut = _put(distances, dilated(holes.marks)[1:-1, 1:-1], factor, 255)  # with what a choke would take off around it
    return Removed(dirt.count + remnants.count, gone * pixel_mm2, holes.count, shut * pixel_mm2)


def _blocks(distances: Pixels, factor: int, extreme: np.ufunc) -> Pixels:
    """The highest or lowest of each block; the last ones may be smaller."""
    return _across(_across(distances, factor, extreme).T, factor, extreme).T


def _across(lines: Pixels, factor: int, extreme: np.ufunc) -> Pixels:
    out = lines[::factor].copy()
    for later in range(1, factor):
        others = lines[later::factor]
        extreme(out[: len(others)], others, out=out[: len(others)])
    return out


def _put(distances: Pixels, marked: Mask, factor: int, value: int) -> int:
    """Return how many pixels changed sides of the outline."""
    if not marked.any():
        return 0
    height, width = distances.shape
    chosen = marked.repeat(factor, 0)[:height].repeat(factor, 1)[:, :width]
    changed = (distances[chosen] >= ZERO) != (value >= ZERO)
    distances[chosen] = value
    return int(changed.sum())
