"""How soft an outline is: the width of the ramp from clear to opaque, by its slope where alpha crosses a half.

Counting soft pixels instead would call a half-transparent subject a rim as wide as itself.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.worker.prepress.arrays import Pixels, Points

HALF = 128  # alpha: more than half opaque
_SAMPLED_LINES = 1200  # rows and columns looked at
_WIDEST = 128.0


@dataclass(frozen=True, slots=True)
class Rim:
    """`width` is the median in pixels (a crisp outline has 1 to 2); `widths` lie at `points`."""

    width: float
    points: Points
    widths: NDArray[np.float32]


def measure(alpha: Pixels) -> Rim:
    rows, columns = _crossings(alpha)
    widths = _widths(alpha, rows, columns)
    return Rim(float(np.median(widths)) if len(widths) else 1.0, (rows, columns), widths)


def _crossings(alpha: Pixels) -> Points:
    """Pixels right of or below a crossing, on some of the lines of a large picture."""
    step = max(1, max(alpha.shape) // _SAMPLED_LINES)
    inside = alpha[::step] >= HALF
    down, across = np.nonzero(inside[:, 1:] != inside[:, :-1])
    inside = alpha[:, ::step] >= HALF
    below, right = np.nonzero(inside[1:] != inside[:-1])
    return np.concatenate([down * step, below + 1]), np.concatenate([across + 1, right * step])


def _widths(alpha: Pixels, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float32]:
    bottom, right = (side - 1 for side in alpha.shape)
    across = _step(alpha[rows, np.maximum(columns - 1, 0)], alpha[rows, np.minimum(columns + 1, right)])
    down = _step(alpha[np.maximum(rows - 1, 0), columns], alpha[np.minimum(rows + 1, bottom), columns])
    return (1 / np.clip(np.hypot(across, down), 1 / _WIDEST, 1)).astype(np.float32)


def _step(before: Pixels, after: Pixels) -> NDArray[np.float32]:
    return (after.astype(np.float32) - before) / np.float32(2 * 255)
