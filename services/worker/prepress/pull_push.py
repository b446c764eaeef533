"""Colours spread from where they are known to where they are not, over a pyramid (Gortler et al., 1996).

A cell whose weight is below 1 takes the rest from half the resolution. The pyramid has few levels, so that a colour
reaches only so many cells, 2 for each of the coarsest, and a tile with that margin gets what the whole picture would.
"""

from typing import Any

import numpy as np

from services.worker.prepress.arrays import Mask, Pixels, Planes, Points
from services.worker.prepress.working_copy import reduced

_LEAST = np.float32(1e-6)
_CELL = 2  # pixels: colours of subject and background are smooth


def around(photo: Pixels, sure: Mask, points: Points, levels: int) -> tuple[Planes, Mask]:
    """At each of the points the colours (n, 3, points) of the masks (n, h, w) near it, and whether each is in reach.

    They spread from cells of 2 x 2 pixels that are wholly sure, over twice as many pixels as the coarsest cells have.
    """
    rows = sure[:, ::_CELL] & sure[:, 1::_CELL]
    cells = rows[..., ::_CELL] & rows[..., 1::_CELL]
    colours, known = spread(np.moveaxis(reduced(photo, _CELL), 2, 0).astype(np.float32), cells, levels)
    at = points[0] // _CELL * cells.shape[2] + points[1] // _CELL
    return colours.reshape(len(sure), 3, -1)[..., at], known.reshape(len(sure), -1)[:, at]


def spread(colours: Planes, sure: Mask, levels: int) -> tuple[Planes, Mask]:
    """Spread from each of the masks (n, h, w): colours (n, 3, h, w), and where one was in reach.

    Height and width are multiples of 2**levels.
    """
    weights = sure[:, None].astype(np.float32)
    filled = _filled(np.concatenate([colours * weights, weights], 1), levels)
    known = filled[:, 3] > 0
    return filled[:, :3] / np.maximum(filled[:, 3:], _LEAST), known


def _filled(planes: Planes, levels: int) -> Planes:
    """Of four planes, colours times weight and the weight."""
    if not levels:
        return planes * (1 / np.maximum(planes[:, 3:], _LEAST))
    rest = doubled(_filled(_halved(planes), levels - 1))
    rest *= 1 - planes[:, 3:]
    rest += planes
    return rest


def _halved(planes: Planes) -> Planes:
    """Sums of four, divided by their weight where that is more than one."""
    rows = planes[..., ::2, :] + planes[..., 1::2, :]
    sums = rows[..., ::2] + rows[..., 1::2]
    sums *= 1 / np.maximum(sums[:, 3:], 1)
    return sums


def doubled(planes: Planes) -> Planes:
    """Twice as many cells both ways, interpolated between their centres."""
    rows = _between(planes, slice(None))
    return _between(rows)


def _between(few: Planes, *after: Any) -> Planes:
    """Three quarters of the nearer cell and a quarter of the other one, along the axis before `after`."""
    axis = few.ndim - 1 - len(after)
    shape = (*few.shape[:axis], 2 * few.shape[axis], *few.shape[axis + 1 :])
    many = np.empty(shape, np.float32)
    quarter = few * np.float32(0.25)
    nearer = few - quarter

    def at(*place: int | None) -> Any:
        return (..., slice(*place), *after)

    np.add(nearer[at(1, None)], quarter[at(0, -1)], out=many[at(2, None, 2)])
    np.add(nearer[at(0, -1)], quarter[at(1, None)], out=many[at(1, -1, 2)])
    many[at(0, 1)], many[at(-1, None)] = few[at(0, 1)], few[at(-1, None)]
    return many
