"""Findings of the print check: what is wrong, how badly, where on the picture, and what the customer can do."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from services.worker.prepress.arrays import Points

_MOST_BOXES = 8  # more would hide the picture
_GRID = 64  # cells along the longer side; marks in touching cells share a box
_COST = {"fail": 40, "warn": 10}


class Level(StrEnum):
    """`fail`: not to be printed as it is. `warn`: the customer decides."""

    WARN = "warn"
    FAIL = "fail"


class Code(StrEnum):
    """Stable names of what can be wrong."""

    EMPTY = "empty"
    DPI = "dpi"
    BOUNDS = "bounds"
    CROPPED = "cropped"
    SOFT_RIM = "soft_rim"
    SEMI = "semi"
    ISLANDS = "islands"
    PINHOLES = "pinholes"
    THIN = "thin"
    CONTAMINATION = "contamination"
    HALO = "halo"
    GAMUT = "gamut"
    VANISH = "vanish"
    BLACK_ON_UNDERBASE = "black_on_underbase"


class Box(NamedTuple):
    """Pixels of the picture, `right` and `bottom` excluded."""

    left: int
    top: int
    right: int
    bottom: int

    def grown(self, by: int, shape: tuple[int, ...]) -> "Box":
        """Larger on all sides, within a picture of this shape."""
        right, bottom = min(shape[1], self.right + by), min(shape[0], self.bottom + by)
        return Box(max(0, self.left - by), max(0, self.top - by), right, bottom)


@dataclass(frozen=True, slots=True)
class Finding:
    """`value` was measured and `limit` is allowed; `where` are up to eight boxes, the worst first."""

    code: Code
    level: Level
    value: float
    limit: float
    fix: str
    where: tuple[Box, ...]


def score(findings: Iterable[Finding]) -> int:
    """From 100 for a picture without findings down to 0."""
    return max(0, 100 - sum(_COST[finding.level] for finding in findings))


def boxes(points: Points, cell: int = 1) -> tuple[Box, ...]:
    """Boxes around groups of points, most points first; each point stands for `cell` x `cell` pixels."""
    rows, columns = points
    if not len(rows):
        return ()
    coarse = max(1, -(-int(max(rows.max(), columns.max()) + 1) // _GRID))
    near = (rows // coarse, columns // coarse)
    occupied = np.zeros((_GRID + 1, _GRID + 1), np.bool_)
    occupied[near] = True
    groups = ndimage.label(occupied, np.ones((3, 3)))[0][near]
    biggest = np.argsort(-np.bincount(groups)[1:], kind="stable")[:_MOST_BOXES] + 1
    return tuple(_around(rows[groups == group], columns[groups == group], cell) for group in biggest)


def _around(rows: NDArray[np.intp], columns: NDArray[np.intp], cell: int) -> Box:
    left, top = int(columns.min()) * cell, int(rows.min()) * cell
    return Box(left, top, (int(columns.max()) + 1) * cell, (int(rows.max()) + 1) * cell)
