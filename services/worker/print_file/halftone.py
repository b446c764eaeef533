"""Fades as halftone: dots of full ink whose area follows alpha, since no printer lays half-transparent ink."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from services.worker.print_file.fitting import Pixels
from services.worker.print_file.strips import with_margin

_SOLID, _INK, _HALF = 248, 8, 128  # of alpha: opaque; prints at all; half covered
_RIM = 2  # pixels to each side in which an edge, however soft, changes from clear to opaque
_STEPS = 1024  # of the spot function's values, between -2 and 2
_CELL = 512  # samples a side of one cell, to rank its points


def screen(alpha: Pixels, dpi: float, lines_per_inch: float, angle: float) -> Pixels:
    """Alpha of 0 and 255 only. The dots lie `angle` degrees from the horizontal and grow from round to square to round.

    Opaque and clear pixels stay. The rim of a hard edge is cut at one half: dots would fray it.
    """
    screened = np.empty_like(alpha)
    for top, strip, whole in with_margin(alpha, _RIM):
        opaque = strip >= _HALF
        rows, columns = np.nonzero((strip > 0) & (strip < 255) & ~_edges(whole)[_RIM:-_RIM])
        ranks = _ranks(rows + top, columns, dpi / lines_per_inch, math.radians(angle))
        opaque[rows, columns] = strip[rows, columns] > 255 * ranks
        screened[top : top + len(strip)] = opaque * np.uint8(255)
    return screened


def _edges(alpha: Pixels) -> NDArray[np.bool_]:
    """Where both opaque and clear pixels are near."""
    side = 2 * _RIM + 1
    most = ndimage.maximum_filter(alpha, side, mode="constant")
    least = ndimage.minimum_filter(alpha, side, mode="nearest")
    found: NDArray[np.bool_] = (most >= _SOLID) & (least < _INK)
    return found


def _ranks(rows: NDArray[np.intp], columns: NDArray[np.intp], cell: float, angle: float) -> NDArray[np.float32]:
    """For each pixel, the share of a cell that is covered before it: a dot grows from its middle, so 0 there."""
    across, down = math.cos(angle) / cell, math.sin(angle) / cell
    spot = np.cos(2 * np.pi * (columns * across + rows * down)) + np.cos(2 * np.pi * (rows * across - columns * down))
    ranks: NDArray[np.float32] = _RANKS[((spot + 2) * (_STEPS / 4)).astype(np.intp).clip(0, _STEPS - 1)]
    return ranks


def _made_ranks() -> NDArray[np.float32]:
    """The share of a cell with a higher spot function, for each of its values."""
    wave = np.cos(2 * np.pi * (np.arange(_CELL) + 0.5) / _CELL)
    counts, _ = np.histogram(wave[:, None] + wave, _STEPS, (-2, 2))
    ranks: NDArray[np.float32] = (1 - (np.cumsum(counts) - counts / 2) / counts.sum()).astype(np.float32)
    return ranks.clip(0, 1 - 1 / 512)  # so that alpha 255 prints everywhere


_RANKS = _made_ranks()
