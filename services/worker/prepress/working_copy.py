"""A cut-out reduced to about 1,200 pixels, for measurements that need no more; large pictures are read in strips.

Only the box of the ink is kept, with a clear border around it, so that the outside is one connected area.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from services.worker.prepress.arrays import Pixels, Points
from services.worker.prepress.findings import boxes
from shared.models.print_check import Box

INK = 8  # alpha from which a printer lays ink
SOLID = 248  # and from which it is opaque
_SIDE = 1200
_BORDER = 2  # working pixels
_STRIP_PIXELS = 1 << 20


@dataclass(frozen=True, slots=True)
class WorkingCopy:
    """`factor` pixels of the picture are one here; `box` is the part of the picture without the border."""

    rgb: Pixels
    alpha: Pixels
    source: Pixels | None  # the photograph, where there is one
    factor: int
    box: Box

    def where(self, points: Points) -> tuple[Box, ...]:
        """Boxes in the picture around points of this copy."""
        return tuple(map(self._in_picture, boxes(points, self.factor)))

    def _in_picture(self, box: Box) -> Box:
        """Move a box off the border and into the picture, which a reduced pixel at its end may overlap."""
        left, top = self.box.left - _BORDER * self.factor, self.box.top - _BORDER * self.factor
        right, bottom = min(self.box.right, box.right + left), min(self.box.bottom, box.bottom + top)
        return Box(box.left + left, box.top + top, right, bottom)


def make(rgba: Pixels, box: Box, source: Pixels | None) -> WorkingCopy:
    """`box` is that of the ink, not empty; `source` has the size of `rgba`."""
    factor = max(1, round(max(box.right - box.left, box.bottom - box.top) / _SIDE))
    small = np.pad(_reduced(rgba, box, factor), ((_BORDER, _BORDER), (_BORDER, _BORDER), (0, 0)))
    photo = None if source is None else np.pad(_reduced(source, box, factor), _edges(3), mode="edge")
    return WorkingCopy(small[..., :3], np.ascontiguousarray(small[..., 3]), photo, factor, box)


def reduced(pixels: Pixels, factor: int) -> Pixels:
    """Means of `factor` x `factor` pixels, of colours weighted by alpha; the last may be of fewer."""
    return np.asarray(Image.fromarray(pixels).reduce(factor)) if factor > 1 else pixels


def _reduced(pixels: Pixels, box: Box, factor: int) -> Pixels:
    part = pixels[box.top : box.bottom, box.left : box.right]
    rows = factor * max(1, _STRIP_PIXELS // (factor * part.shape[1]))
    return np.concatenate([reduced(part[top : top + rows], factor) for top in range(0, len(part), rows)])


def _edges(dimensions: int) -> tuple[tuple[int, int], ...]:
    return ((_BORDER, _BORDER),) * 2 + ((0, 0),) * (dimensions - 2)
