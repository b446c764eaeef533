"""Specks out and pinholes shut, on the stored distances of an outline.

Parts are told apart on a grid that keeps a speck several cells wide; small pictures are their own grid.
"""

import numpy as np

from services.worker.prepress import specks
from services.worker.prepress.arrays import Mask, Pixels
from services.worker.prepress.morphology import dilated
from services.worker.prepress.outline import PER_PIXEL, ZERO

_GRID_PIXELS = 1.5e6
_CELLS = 3  # across a speck, at least
_KEPT_SHARE = 5e-3  # of the largest part: smaller ones go, however large the print


def clean(distances: Pixels, least: float) -> None:
    """Remove in place parts of under `least` pixels, and shut such holes."""
    finest = int(np.ceil(np.sqrt(distances.size / _GRID_PIXELS)))
    factor = max(1, min(finest, int(np.sqrt(least) / _CELLS)))
    inked = _blocks(distances, factor, np.maximum) > ZERO - PER_PIXEL // 2
    _put(distances, specks.islands(inked, least / factor**2, _KEPT_SHARE).marks, factor, 0)
    clear = np.pad(_blocks(distances, factor, np.minimum) < ZERO + PER_PIXEL // 2, 1, constant_values=True)
    holes = specks.pinholes(clear, least / factor**2).marks
    _put(distances, dilated(holes)[1:-1, 1:-1], factor, 255)  # and what a choke would take off around them


def _blocks(distances: Pixels, factor: int, extreme: np.ufunc) -> Pixels:
    """The highest or lowest of each block; the last ones may be smaller."""
    return _across(_across(distances, factor, extreme).T, factor, extreme).T


def _across(lines: Pixels, factor: int, extreme: np.ufunc) -> Pixels:
    out = lines[::factor].copy()
    for later in range(1, factor):
        others = lines[later::factor]
        extreme(out[: len(others)], others, out=out[: len(others)])
    return out


def _put(distances: Pixels, marked: Mask, factor: int, value: int) -> None:
    if marked.any():
        height, width = distances.shape
        distances[marked.repeat(factor, 0)[:height].repeat(factor, 1)[:, :width]] = value
