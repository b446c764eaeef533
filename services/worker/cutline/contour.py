"""The line that a knife follows: at a distance from the ink, with no corner tighter than it can turn.

    ink ──grown by offset, inner corners rounded──> outer corners rounded ──> tips that this cut off, grown again
        ──> inner corners rounded ──> line

Rounding an outer corner cuts off thin strokes, and the ink in them would lose its distance. They are grown by the
radius instead, which is round by itself. Islands that nearly melt grow horns towards each other; a somewhat larger
radius melts them.
"""

from dataclasses import dataclass, replace

import numpy as np
import shapely

from services.worker.cutline import areas, curvature
from services.worker.prepress.arrays import Pixels

_TOLERANCE_MM = 0.02  # by which the line is simplified
_SLACK_MM = 0.03  # a tip that loses less than this of its distance is left
_FACTORS = (1, 1.15, 1.35, 1.7, 2.2)  # of the smallest radius, until no corner is tighter
_NEARLY = 0.87  # of the radius, as polygons measure it
_MANY = 5_000  # corners, of patterns: they are drawn once, as every try takes seconds; stickers have 200 to 1,500
_QUARTER = 32  # corners of a quarter circle: short by 0.03 % of its radius


@dataclass(frozen=True, slots=True)
class Knife:
    """Millimetres. Ink nearer than about twice `offset` and `smooth` gets one line; `holes` are cut out, too."""

    offset: float = 2.0
    smooth: float = 1.0
    holes: bool = False

    def __post_init__(self) -> None:
        if not (0 <= self.offset <= 50 and 0.25 <= self.smooth <= 50):  # false for NaN as well
            raise ValueError("the offset must be 0 to 50 mm and the smallest radius 0.25 to 50 mm")


def cut_line(alpha: Pixels, mm_per_px: float, knife: Knife) -> shapely.MultiPolygon:
    """Areas to cut out, without points in common; y points down, the origin is the picture's upper left corner.

    Empty if there is no ink. Raises areas.TooComplex.
    """
    ink, error = areas.of_ink(alpha, mm_per_px, knife.offset + knife.smooth, holes=knife.holes)
    found, radius = shapely.MultiPolygon(), -1.0
    for factor in _FACTORS:
        line = _line(ink, error, replace(knife, smooth=knife.smooth * factor))
        tightest = curvature.tightest_mm(line, knife.smooth / 2)
        if tightest > radius:
            found, radius = line, tightest
        if radius >= _NEARLY * knife.smooth or shapely.get_num_coordinates(line) > _MANY:
            break
    return found


def _line(ink: shapely.MultiPolygon, error_mm: float, knife: Knife) -> shapely.MultiPolygon:
    line = _grown(_grown(ink, knife.offset + knife.smooth + error_mm + _TOLERANCE_MM), -knife.smooth)
    if knife.smooth > knife.offset:
        line = _inner_corners_rounded(_outer_corners_rounded(line, ink, knife), knife)
    line = _inner_corners_rounded(line, knife).simplify(min(_TOLERANCE_MM, knife.smooth / 40))
    return shapely.MultiPolygon([part if knife.holes else shapely.Polygon(part.exterior) for part in _parts(line)])


def _inner_corners_rounded(line: shapely.Geometry, knife: Knife) -> shapely.Geometry:
    return _grown(_grown(line, knife.smooth), -knife.smooth)


def _outer_corners_rounded(line: shapely.Geometry, ink: shapely.Geometry, knife: Knife) -> shapely.Geometry:
    rounded = _grown(_grown(line, -knife.smooth), knife.smooth)
    tips = ink.difference(_grown(rounded, _SLACK_MM - knife.offset))
    return rounded.union(_grown(tips, knife.smooth))


def _grown(area: shapely.Geometry, by_mm: float) -> shapely.Geometry:
    return area.buffer(by_mm, quad_segs=_QUARTER).simplify(_TOLERANCE_MM / 4)


def _parts(area: shapely.Geometry) -> list[shapely.Polygon]:
    return [part for part in shapely.get_parts(area) if isinstance(part, shapely.Polygon) and not part.is_empty]


def length_mm(line: shapely.MultiPolygon) -> float:
    """The length of the cut path, without the moves between the lines."""
    return float(np.sum(shapely.length(line)))
