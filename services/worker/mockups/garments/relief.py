"""Where each point of a garment lies on its flat print: ink sticks to cloth, so a slope shows more of it per pixel."""

import numpy as np
from scipy import ndimage

from services.worker.mockups.garments.shapes import Map
from services.worker.mockups.warp import STEP
from shared.models.garment import Garment

_PARALLAX = 0.25


def nodes(relief: Map | tuple[Map, Map], garment: Garment) -> Map:
    """(rows, columns, 2) mm from the print's middle, every STEP pixels of a window a little larger than the area."""
    across, down = relief if isinstance(relief, tuple) else _stuck(relief, garment)
    counts = [int(np.ceil((side * garment.px_mm / 2 + STEP) / STEP)) for side in garment.area_mm]
    columns, rows = (middle + STEP * np.arange(-n, n + 1) for middle, n in zip(garment.centre, counts, strict=True))
    return np.stack([a[np.ix_(rows, columns)] for a in (across, down)], axis=2).astype(np.float32)


def _stuck(relief: Map, garment: Garment) -> tuple[Map, Map]:
    """Lengths along the cloth from the print's middle, scaled so that the whole area has its flat size."""
    soft = ndimage.gaussian_filter(relief, 3.0)  # Pillow's quadrilaterals follow nothing finer
    dy, dx = np.gradient(soft)
    x, y = garment.centre
    half_x, half_y = (int(side * garment.px_mm / 2) for side in garment.area_mm)
    across = _lengths(dx, x, half_x, garment.px_mm)
    down = _lengths(dy.T, y, half_y, garment.px_mm).T
    lift = _PARALLAX * (soft - ndimage.gaussian_filter(soft, 40)) / garment.px_mm
    return across + 0.6 * lift, down + lift


def _lengths(slope: Map, middle: int, half: int, px_mm: float) -> Map:
    along = np.cumsum(np.sqrt(1 + slope.astype(float) ** 2), axis=1)
    along -= along[:, middle : middle + 1]
    flat = 2 * half / (along[:, middle + half] - along[:, middle - half])
    return np.asarray(along * flat[:, None] / px_mm, np.float32)
