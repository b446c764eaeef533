"""How tight the corners of closed lines are."""

import numpy as np
import shapely

_STEPS = 4  # measured so often within a reach


def tightest_mm(lines: shapely.MultiPolygon, reach_mm: float) -> float:
    """The smallest radius of circles through three points that lie `reach_mm` apart on a line; infinite without one."""
    rings = [ring for part in lines.geoms for ring in (part.exterior, *part.interiors)]
    return min((_tightest(ring, reach_mm) for ring in rings), default=np.inf)


def _tightest(ring: shapely.LinearRing, reach: float) -> float:
    steps = np.arange(0, ring.length, reach / _STEPS)
    before, here, after = (
        shapely.get_coordinates(shapely.line_interpolate_point(ring, (steps + shift) % ring.length))
        for shift in (-reach, 0, reach)
    )
    sides = [np.hypot(*(one - other).T) for one, other in ((before, here), (here, after), (after, before))]
    (x, y), (u, v) = (here - before).T, (after - before).T
    return float(np.min(np.prod(sides, axis=0) / np.maximum(2 * np.abs(x * v - y * u), 1e-9)))
