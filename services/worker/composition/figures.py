"""The figures of an outline, as a car and a woman beside it: parts that do not touch each other."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Labels = NDArray[np.int64]

_CELL = 4  # pixels that are looked at together: nearer parts count as one
_TURNS = 200  # a diagonal line across the picture takes 100; a quarter of a second at most
_LEAST = 0.02  # of the ink: less is no figure


def apart(ink: Mask) -> Iterator[Mask]:
    """Each figure, without specks."""
    cells = _cells(ink)
    labels = _labelled(cells)
    for label, count in zip(*np.unique(labels[cells], return_counts=True), strict=True):
        if count >= _LEAST * cells.sum():
            figure = np.kron(labels == label, np.ones((_CELL, _CELL), bool))
            yield ink & figure[: ink.shape[0], : ink.shape[1]]


def _cells(ink: Mask) -> Mask:
    """Whether any pixel of a cell is ink."""
    padded = np.pad(ink, [(0, -side % _CELL) for side in ink.shape])
    height, width = (side // _CELL for side in padded.shape)
    cells = padded.reshape(height, _CELL, width, _CELL)
    return np.asarray(cells.any((1, 3)))


def _labelled(cells: Mask) -> Labels:
    """A number for each group of cells that touch, 0 elsewhere: the highest of its cells' numbers, passed on.

    A group that winds too much gets several.
    """
    labels: Labels = np.arange(1, cells.size + 1).reshape(cells.shape) * cells
    for _ in range(_TURNS):
        known, labels = labels, _highest_of_runs(_highest_of_runs(labels).T).T
        if np.array_equal(labels, known):
            break
    return labels


def _highest_of_runs(labels: Labels) -> Labels:
    """Of the cells in a row that each touches: within a run the highest so far, from both ends."""
    flat = np.pad(labels, ((0, 0), (0, 1))).ravel()
    for _ in range(2):
        runs = np.cumsum(flat == 0) * (labels.size + 1)
        flat = (np.maximum.accumulate(flat + runs) - runs)[::-1]
    return flat.reshape(len(labels), -1)[:, :-1]
