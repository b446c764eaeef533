"""CIE L*a*b* of sRGB colours (D65), for colour differences as a person sees them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.worker.prepress.arrays import Pixels
from services.worker.srgb import LINEAR

Lab = NDArray[np.floating[Any]]  # (..., 3)

WHITE = np.array([0.9505, 1.0, 1.089], np.float32)
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float32)
_LINEAR_BELOW = 0.008856


def from_srgb(colours: Pixels) -> Lab:
    """Colours of 0 to 255 in the last axis."""
    return from_xyz(LINEAR[colours] @ _TO_XYZ.T)


def from_xyz(xyz: NDArray[np.floating[Any]]) -> Lab:
    relative = xyz / WHITE
    roots = np.where(relative > _LINEAR_BELOW, np.cbrt(relative), 7.787 * relative + 16 / 116)
    x, y, z = roots[..., 0], roots[..., 1], roots[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1).astype(np.float32)


def difference(one: Lab, other: Lab) -> NDArray[np.floating[Any]]:
    """CIE76: the distance of two colours."""
    apart = one - other
    return np.asarray(np.sqrt((apart * apart).sum(-1)))
