"""How tight the corners of closed lines are."""

import numpy as np
import shapely

_STEPS = 4  # measured so often within a reach
_MOST_STEPS = 100_000  # of all lines: 12 m at the finest reach, farther apart beyond


def tightest_mm(lines: shapely.MultiPolygon, reach_mm: float) -> float:
    """The smallest radius of circles through three points that lie `reach_mm` apart on a line; infinite without one."""
    rings = [ring for part in lines.geoms for ring in (part.exterior, *part.interiors)]
    step = max(reach_mm / _STEPS, sum(ring.length for ring in rings) / _MOST_STEPS)
    return min((_tightest(ring, reach_mm, step) for ring in rings), default=np.inf)


def _tightest(ring: shapely.LinearRing, reach: float, step: float) -> float:
    corners = shapely.get_coordinates(ring)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    steps = np.arange(0, along[-1], step)
    before, here, after = (
        np.stack([np.interp((steps + shift) % along[-1], along, axis) for axis in corners.T])
        for shift in (-reach, 0, reach)
    )
    sides = [np.hypot(*(one - other)) for one, other in ((before, here), (here, after), (after, before))]
    (x, y), (u, v) = here - before, after - before
    return float(np.min(np.prod(sides, axis=0) / np.maximum(2 * np.abs(x * v - y * u), 1e-9)))
