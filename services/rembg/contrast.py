"""How little the subject stands out from its ground: white on near-white, black on near-black.

There a network draws ribbons and is sure of them, so the share of half-transparent ink says nothing. This term looks
along the outline instead: the mean colour of what was kept and of what was cut off, on a few pixels to either side.
"""

import numpy as np
from PIL import Image

_SIDE = 256  # pixels of the reduced picture
_REACH = 4  # pixels to either side of the outline
_LOW, _PLAIN = 8.0, 24.0  # of 255: differences of the mean colour that say nothing, and that are plain


def doubt(picture: Image.Image, alpha: Image.Image) -> float:
    """From 0, plain all along the outline, to 1, nowhere; of a picture (RGB or RGBA) and its alpha (L).

    Take the higher of this and the share of half-transparent ink. 0 where nothing or everything was cut off.
    """
    factor = -(-max(alpha.size) // _SIDE)
    colours = np.asarray(picture.reduce(factor).convert("RGB"), np.float32)
    kept = np.asarray(alpha.reduce(factor), np.float32)[..., None] > 127
    (inside, near_inside), (outside, near_outside) = (_mean(colours, side) for side in (kept, ~kept))
    outline = near_inside & near_outside
    if not outline.any():
        return 0.0
    difference = np.abs(inside - outside).max(axis=2)[outline]
    return float(((_PLAIN - difference) / (_PLAIN - _LOW)).clip(0, 1).mean())


def _mean(colours: np.ndarray, where: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the marked pixels in the window around each, and whether there are any."""
    count = _sum(where.astype(np.float32))
    return _sum(colours * where) / np.maximum(1, count), count[..., 0] > 0.5


def _sum(planes: np.ndarray) -> np.ndarray:
    """Over the window around each pixel; beyond the edges there is nothing."""
    for axis in (0, 1):
        margins = [(_REACH + 1, _REACH) if axis == other else (0, 0) for other in range(3)]
        sums = np.cumsum(np.pad(planes, margins), axis=axis, dtype=np.float64)
        rows = np.arange(planes.shape[axis])
        planes = np.take(sums, rows + 2 * _REACH + 1, axis=axis) - np.take(sums, rows, axis=axis)
    return planes
