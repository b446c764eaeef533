"""Windows around each pixel and differences of colours, in few passes over whole planes that vectorise."""

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
    return widest(highest(pixels, 1) - lowest(pixels, 1))


def apart(pixels: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """The widest difference of a channel, H x W, uint8; `colours` is one, or one for each column, or for each pixel."""
    height, width = pixels.shape[:2]
    rows = np.broadcast_to(colours, (len(colours) if colours.ndim == 3 else 1, width, 3)).reshape(-1, 3 * width)
    flat = pixels.reshape(height, 3 * width)
    return widest((np.maximum(flat, rows) - np.minimum(flat, rows)).reshape(height, width, 3))


def widest(channels: np.ndarray) -> np.ndarray:
    """The highest of the three in the last axis: as `max(axis=-1)`, in a tenth of the time."""
    found: np.ndarray = np.maximum(np.maximum(channels[..., 0], channels[..., 1]), channels[..., 2])
    return found


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
