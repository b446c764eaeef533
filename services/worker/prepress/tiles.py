"""A large picture in squares: each is computed from a window with a margin, so that memory stays bounded.

Windows start at multiples of the tile, and every filter used on one reaches less far than its margin. That makes a tile
the same as that part of the whole computed at once, but for the rounding of running sums.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from services.worker.prepress.arrays import Pixels


@dataclass(frozen=True, slots=True)
class Tile:
    """A square of the picture, smaller at the right and the lower border."""

    top: int
    left: int
    height: int
    width: int
    side: int

    @property
    def core(self) -> tuple[slice, slice]:
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    def scaled(self, factor: int) -> "Tile":
        """The pixels of a tile of cells."""
        return Tile(*(factor * length for length in (self.top, self.left, self.height, self.width, self.side)))

    def scaled_down(self, factor: int) -> "Tile":
        """The cells of a tile whose place and side are multiples of `factor`; the last ones may lie half outside."""
        height, width = -(-self.height // factor), -(-self.width // factor)
        return Tile(self.top // factor, self.left // factor, height, width, self.side // factor)

    def inner(self, margin: int) -> tuple[slice, slice]:
        """Where the tile lies in its window."""
        return slice(margin, margin + self.height), slice(margin, margin + self.width)

    def window(self, picture: Pixels, margin: int) -> Pixels:
        """A square of `side` + 2 `margin`; beyond the border the last row or column goes on."""
        rows = _span(self.top, self.side, margin, picture.shape[0])
        columns = _span(self.left, self.side, margin, picture.shape[1])
        part = picture[rows[0] : rows[1], columns[0] : columns[1]]
        beyond = (rows[2:], columns[2:], *[(0, 0)] * (picture.ndim - 2))
        return np.pad(part, beyond, mode="edge") if any(map(any, beyond)) else part


def tiles(shape: tuple[int, ...], side: int) -> Iterator[Tile]:
    """Squares that cover height and width, row by row."""
    height, width = shape
    for top in range(0, height, side):
        for left in range(0, width, side):
            yield Tile(top, left, min(side, height - top), min(side, width - left), side)


def _span(start: int, side: int, margin: int, limit: int) -> tuple[int, int, int, int]:
    """First and last row that exist, and how many lack before and after them."""
    first, last = start - margin, start + side + margin
    return max(0, first), min(limit, last), max(0, -first), max(0, last - limit)
