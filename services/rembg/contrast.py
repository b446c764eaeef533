"""How little the subject stands out from its ground: white on near-white, black on near-black.

There a network draws ribbons and is sure of them, so the share of half-transparent ink says nothing. This term looks
along the outline instead: the mean colour of what was kept and of what was cut off, on a few pixels to either side.
"""

import numpy as np
from PIL import Image

_SIDE = 256  # pixels of the reduced picture
_REACH = 4  # pixels to either side of the outline: nine rows and columns in all
_LOW, _PLAIN = 8.0, 24.0  # of 255: differences of the mean colour that say nothing, and that are plain


def doubt(picture: Image.Image, alpha: Image.Image) -> float:
    """From 0, plain all along the outline, to 1, nowhere; of a picture (RGB or RGBA) and its alpha (L).

    Take the higher of this and the share of half-transparent ink. 0 where nothing or everything was cut off.
    """
    factor = -(-max(alpha.size) // _SIDE)
    colours = np.asarray(picture.reduce(factor).convert("RGB"))
    kept = np.asarray(alpha.reduce(factor)) > 127
    counted = np.dstack([colours, np.ones(kept.shape, np.uint8)])
    around, inside = _sums(counted), _sums(counted * kept[..., None])
    outline = (inside[..., 3] > 0) & (inside[..., 3] < around[..., 3])
    if not outline.any():
        return 0.0
    around, inside = around[outline], inside[outline]
    difference = np.abs(_mean(inside) - _mean(around - inside)).max(axis=1)
    return float(((_PLAIN - difference) / (_PLAIN - _LOW)).clip(0, 1).mean())


def _mean(sums: np.ndarray) -> np.ndarray:
    colours: np.ndarray = sums[:, :3] / sums[:, 3:].astype(np.float64)
    return colours


def _sums(planes: np.ndarray) -> np.ndarray:
    """Of bytes in the window around each pixel, whose sum fits 16 bits; beyond the edges there is nothing."""
    padded = np.pad(planes, ((_REACH, _REACH), (_REACH, _REACH), (0, 0))).astype(np.uint16)
    return _of_rows(_of_rows(padded).swapaxes(0, 1)).swapaxes(0, 1)


def _of_rows(planes: np.ndarray) -> np.ndarray:
    """The sum of each row and the eight after it."""
    two = planes[1:] + planes[:-1]
    four = two[2:] + two[:-2]
    sums: np.ndarray = four[4:-1] + four[:-5] + planes[8:]
    return sums
