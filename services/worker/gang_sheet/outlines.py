"""Outlines for nesting: one polygon without holes that is certain to hold all the ink of a picture.

Ink is looked at in cells of half a millimetre, each as opaque as its most opaque pixel, so no thin line is missed. The
polygon is the union of whole cells; simplifying moves it by at most a tolerance, which a buffer gives back. So it holds
every cell with ink, by construction and not by measurement.
"""

import math

import numpy as np
import shapely
from scipy import ndimage
from shapely.geometry import MultiPolygon, Polygon

from services.worker.prepress.arrays import Mask, Pixels

_CELL_MM = 0.5
_TOLERANCES_MM = (0.25, 0.5, 1.0, 2.0)  # finer outlines have more corners and save 1 % of the film
_JOIN_MM = 3.0  # islands nearer than twice this become one
_MOST_CELLS = 1024  # to a side; larger designs have larger cells
_MOST_CORNERS = 200  # the nester's time grows with them
_MOST_ISLANDS = 200  # a hull of more takes longer than it saves


def outline(alpha: Pixels, mm_per_px: float) -> Polygon:
    """The outline of all pixels above 0, in mm from the picture's top left corner, y down.

    Raises ValueError if there is no such pixel.
    """
    factor = max(1, int(_CELL_MM / mm_per_px), math.ceil(max(alpha.shape) / _MOST_CELLS))
    cells = _cells(alpha, factor)
    if not cells.any():
        raise ValueError("no ink")
    cell_mm = factor * mm_per_px
    whole = _one(_union(_closed(cells, _JOIN_MM / cell_mm), cell_mm))
    return _simplified(whole)


def _cells(alpha: Pixels, factor: int) -> Mask:
    """Whether any pixel of a square of `factor` pixels has ink."""
    rows = np.maximum.reduceat(alpha, np.arange(0, alpha.shape[0], factor), axis=0)
    return np.asarray(np.maximum.reduceat(rows, np.arange(0, alpha.shape[1], factor), axis=1) > 0)


def _closed(cells: Mask, radius: float) -> Mask:
    """Fill gaps that a disc of this radius, in cells, does not reach. Cells with ink stay."""
    border = math.ceil(radius) + 1
    padded = np.pad(cells, border)
    grown = ndimage.distance_transform_edt(~padded) <= radius
    closed = ndimage.distance_transform_edt(grown) > radius
    return np.asarray(cells | closed[border:-border, border:-border])


def _union(cells: Mask, cell_mm: float) -> Polygon | MultiPolygon:
    """The cells as polygons without holes: boxes of runs, united."""
    edges = np.diff(np.pad(cells.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    (rows, starts), (_, ends) = np.nonzero(edges == 1), np.nonzero(edges == -1)
    boxes = shapely.box(*(corner * cell_mm for corner in (starts, rows, ends, rows + 1)))
    return shapely.union_all(shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(shapely.union_all(boxes)))))


def _one(shape: Polygon | MultiPolygon) -> Polygon:
    """Bridge islands, or they could be torn apart: the hull alone may cut ink off, so the islands are added to it."""
    if isinstance(shape, Polygon):
        return shape
    if len(shape.geoms) <= _MOST_ISLANDS:
        joined = shape.union(shapely.concave_hull(shape.simplify(_TOLERANCES_MM[0]), ratio=0.3))
        if isinstance(joined, Polygon):
            return Polygon(joined.exterior)
    return shape.convex_hull


def _simplified(whole: Polygon) -> Polygon:
    """As few corners as the nester can take: with a larger tolerance if need be, then of the hull."""
    for shape in (whole, whole.convex_hull):
        for tolerance in _TOLERANCES_MM:
            grown = shape.simplify(tolerance).buffer(tolerance, join_style="mitre", mitre_limit=2)
            simple = Polygon(grown.exterior)
            if len(simple.exterior.coords) <= _MOST_CORNERS:
                return simple
    return shapely.box(*whole.bounds)
