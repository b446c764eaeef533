"""Areas of ink as polygons in millimetres, of bounded size: no picture makes a line of a million corners.

The outline of everything within a distance does not change if gaps narrower than twice that distance are filled
before. Filling them on the grid, where it costs the same for every picture, leaves noise as one area.
"""

from itertools import pairwise
from typing import cast

import contourpy
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from services.worker.prepress.arrays import Mask, Pixels
from services.worker.prepress.working_copy import reduced

MOST_PARTS = 1_000  # areas and holes
_MOST_EDGE = 60_000  # cells beside the outside: 6 m of outline; some seconds of polygons
_CELL_MM = 0.1  # far below what a knife follows
_MOST_CELLS = 4_000_000
_Rings = tuple[list[NDArray[np.float64]], list[NDArray[np.uint32]]]  # points of an area, and where its rings begin

_LEVEL = 63.5  # a quarter of a cell: a stroke that covers less is 0.025 mm wide


class TooComplex(Exception):
    """The ink has more parts, or a longer outline, than a knife can follow."""


def of_ink(alpha: Pixels, mm_per_px: float, filled_mm: float, *, holes: bool) -> tuple[shapely.MultiPolygon, float]:
    """Areas where a picture has ink, and by how many millimetres ink may lie outside of them.

    y points down, the origin is the picture's upper left corner. Gaps narrower than twice `filled_mm` may be filled,
    holes are unless they are wanted. Raises TooComplex.
    """
    factor = max(1, int(_CELL_MM / mm_per_px), int(np.ceil(np.sqrt(alpha.size / _MOST_CELLS))))
    cell = mm_per_px * factor
    frame = max(1, int(filled_mm / cell) + 1)
    field = np.pad(reduced(alpha, factor), frame).astype(np.float32)
    mask = field >= _LEVEL
    filled = _closed(mask, filled_mm / cell - 2)  # 2: what distances between cells may be wrong by
    if not holes:
        filled = ndimage.binary_fill_holes(filled)
    _require_simple(filled)
    field[filled & ~mask] = 255
    return shapely.transform(_polygons(field), lambda points: (points + 0.5 - frame) * cell), cell / 4


def _closed(mask: Mask, reach: float) -> Mask:
    """The mask with every gap filled into which no disk of radius `reach` fits; the frame must be wider than that."""
    if reach < 1:
        return mask
    near = ndimage.distance_transform_edt(~mask) <= reach
    return np.asarray(mask | (ndimage.distance_transform_edt(near) > reach))


def _require_simple(mask: Mask) -> None:
    edge = np.count_nonzero(mask[1:] != mask[:-1]) + np.count_nonzero(mask[:, 1:] != mask[:, :-1])
    if edge > _MOST_EDGE or sum(ndimage.label(area)[1] for area in (mask, ~mask)) > MOST_PARTS:
        raise TooComplex


def _polygons(field: NDArray[np.float32]) -> shapely.MultiPolygon:
    """What lies above the level; the unit is a cell, and whole numbers are middles of cells."""
    found = contourpy.contour_generator(z=field, fill_type="OuterOffset").filled(_LEVEL, np.inf)
    parts = (
        [points[start:end] for start, end in pairwise(cuts) if end - start > 3]
        for points, cuts in zip(*cast("_Rings", found), strict=True)
    )
    return shapely.MultiPolygon([shapely.Polygon(part[0], part[1:]) for part in parts if part])
