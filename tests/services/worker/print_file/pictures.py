"""Pictures to print, and the profile that comes with the project."""

from pathlib import Path

import numpy as np

PRESS = Path("shared/images/press.icc").read_bytes()


def badge(side: int = 240) -> np.ndarray:
    """A coloured disc that fades out to the right, with an opaque bar, in a clear border of a colour of its own."""
    y, x = np.mgrid[:side, :side]
    rgba = np.empty((side, side, 4), np.uint8)
    rgba[..., 0], rgba[..., 1], rgba[..., 2] = x * 255 // side, y * 255 // side, 90
    disc = np.hypot(x - side / 2, y - side / 2) < side * 0.4
    rgba[..., 3] = np.where(disc, np.clip((side - x) * 2, 0, 255), 0)
    rgba[side // 2 : side // 2 + 20, 30 : side - 30, 3] = 255
    return rgba
