"""The dark ground under what stands on it: under the lower hull of each figure of an outline.

The lower convex hull of the outline rests on the points that touch the ground: the two wheels of a car seen from its
side, the three of one seen at an angle. Between hull and outline, light hardly reaches the ground; the wider the gap,
the more does.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from services.worker.composition import figures
from shared.models.composition import Area

Field = NDArray[np.float32]

_INK = 0.5
_STEEP, _FLAT = 0.45, 0.15  # of the line on the ground between two wheels, and beyond the last one
_BETWEEN = 0.2  # of the subject's width: as far as wheels are apart at least
_HIGH, _LOW = 0.09, 0.012  # of its size: how far the dark ground reaches above and below the line
_OPEN, _END = 0.3, 0.12  # of its width: a gap that lets light in, and where an overhanging end does


def shaded(outline: Field, box: Area, blurred: Callable[..., Field]) -> Field:
    """Darkness, 0 to 1, below each figure that stands in the lower half of the box."""
    left, top, right, bottom = box
    side = ((right - left) * (bottom - top)) ** 0.5
    core = np.zeros_like(outline)
    for figure in figures.apart(outline >= _INK):
        if figure[(top + bottom) // 2 :].any():
            np.maximum(core, _core(figure), out=core)
    tight, wide = blurred(core, 0.012 * side, 0.01 * side), blurred(core, 0.05 * side, 0.028 * side)
    made: Field = 1 - (1 - 0.8 * tight) * (1 - 0.8 * wide)
    return made


def _core(figure: figures.Mask) -> Field:
    """The dark ground of a figure, with hard edges."""
    columns = np.flatnonzero(figure.any(0))
    lowest = len(figure) - 1 - figure[::-1, columns].argmax(0).astype(np.float32)
    width = columns[-1] - columns[0] + 1
    side = (width * (lowest.max() + 1 - figure.any(1).argmax())) ** 0.5
    line = _resting(columns, lowest, width)
    gap = line - lowest
    outermost = np.minimum(columns - columns[0], columns[-1] - columns) / (_END * width)
    full = np.maximum(outermost, 1 - gap / (_HIGH * side)).clip(0, 1) ** 0.5
    top, bottom, density = np.zeros((3, figure.shape[1]), np.float32)
    top[columns] = np.maximum(lowest, line - _HIGH * side * full) - _LOW * side
    bottom[columns] = line + _LOW * side
    density[columns] = full * np.exp(-gap / (_OPEN * width))
    rows = np.arange(len(figure), dtype=np.float32)[:, None]
    core: Field = ((rows >= top) & (rows < bottom)) * density
    return core


def _resting(columns: NDArray[np.intp], lowest: Field, width: int) -> Field:
    """The line on the ground for each column: the hull, eased to both sides of the point that touches first."""
    corners: list[tuple[int, float]] = []
    for corner in zip(columns.tolist(), lowest.tolist(), strict=True):
        while len(corners) > 1 and not _below(corners[-2], corners[-1], corner):
            corners.pop()
        corners.append(corner)
    first = max(range(len(corners)), key=lambda number: corners[number][1])
    across, down = zip(*_eased(corners[first::-1], width)[:0:-1], *_eased(corners[first:], width), strict=True)
    line: Field = np.interp(columns, across, down).astype(np.float32)
    return line


def _eased(corners: list[tuple[int, float]], width: int) -> list[tuple[int, float]]:
    """From the lowest corner outwards: where the hull rises too fast, the line stays lower."""
    line = corners[:1]
    for before, corner in pairwise(corners):
        far = abs(corner[0] - before[0])
        steepest = _STEEP if far >= _BETWEEN * width else _FLAT
        line.append((corner[0], line[-1][1] - min(before[1] - corner[1], steepest * far)))
    return line


def _below(first: tuple[int, float], middle: tuple[int, float], last: tuple[int, float]) -> bool:
    """Whether the middle corner lies below the line between its neighbours; rows count downwards."""
    turn = (middle[0] - first[0]) * (last[1] - first[1]) - (middle[1] - first[1]) * (last[0] - first[0])
    return turn < 0
