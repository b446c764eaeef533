"""Findings of the print check: what is wrong, how badly, where on the picture, and what the customer can do."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from services.worker.prepress.arrays import Points
from shared.models.print_check import Box, Finding

_MOST_BOXES = 8  # more would hide the picture
_GRID = 64  # cells along the longer side; marks in touching cells share a box
_COST = {"fail": 40, "warn": 10}


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
