"""Types of arrays, and points of masks: height x width, rows first; colours are straight (not premultiplied) sRGB."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (h, w), (h, w, 3) or (h, w, 4)
Mask = NDArray[np.bool_]
Plane = NDArray[np.floating[Any]]  # (h, w), in single precision
Planes = Plane  # (..., n, h, w): arithmetic on planes is several times faster than on (h, w, n)
Points = tuple[NDArray[np.intp], NDArray[np.intp]]  # rows and columns


def require_pictures(rgba: Pixels, source: Pixels | None) -> None:
    """Raise ValueError unless these are a cut-out with pixels and, if there is one, its photograph of the same size."""
    if rgba.dtype != np.uint8 or rgba.ndim != 3 or rgba.shape[2] != 4 or not rgba.size:
        raise ValueError("a cut-out is bytes of (height, width, 4)")
    if source is not None and (source.dtype != np.uint8 or source.shape != (*rgba.shape[:2], 3)):
        raise ValueError("a photograph is bytes of (height, width, 3), as large as its cut-out")


def points_of(mask: Mask) -> Points:
    rows, columns = np.divmod(np.flatnonzero(mask), mask.shape[1])
    return rows, columns


def sampled(mask: Mask, most: int) -> Points:
    """Return the set pixels, or evenly chosen ones where there are more than `most`."""
    at = np.flatnonzero(mask)
    rows, columns = np.divmod(at[:: len(at) // most + 1], mask.shape[1])
    return rows, columns
