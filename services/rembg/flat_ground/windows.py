"""The highest or lowest value in the square window around each pixel, by doubling: a few passes, whatever the radius."""

import numpy as np


def highest(plane: np.ndarray, radius: int) -> np.ndarray:
    """Same shape and type as `plane` (H x W or H x W x C); beyond the edges the outermost pixels repeat."""
    return _over(plane, radius, np.maximum)


def lowest(plane: np.ndarray, radius: int) -> np.ndarray:
    return _over(plane, radius, np.minimum)


def around(where: np.ndarray, radius: int) -> np.ndarray:
    """The true pixels of a mask and all within `radius` of one, as a square."""
    return highest(where.view(np.uint8), radius).view(bool)


def contrast(pixels: np.ndarray) -> np.ndarray:
    """The widest range of a channel within the 3 x 3 pixels around each, H x W, uint8."""
    widest: np.ndarray = (highest(pixels, 1) - lowest(pixels, 1)).max(axis=2)
    return widest


def _over(plane: np.ndarray, radius: int, choose: np.ufunc) -> np.ndarray:
    wanted = 2 * radius + 1
    for axis in (0, 1):
        margins = [(radius, radius) if axis == other else (0, 0) for other in range(plane.ndim)]
        plane, width = np.pad(plane, margins, mode="edge"), 1
        while width < wanted:
            by = min(width, wanted - width)
            plane = choose(plane[by:], plane[:-by]) if axis == 0 else choose(plane[:, by:], plane[:, :-by])
            width += by
    return plane
