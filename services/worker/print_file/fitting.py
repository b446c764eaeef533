"""Resampling to the pixels that a size in millimetres needs."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_REDUCING_GAP = 3  # a fast first step where a picture shrinks to a third or less; its error stays below a level

Pixels = NDArray[np.uint8]


def fitted(rgba: Pixels, size: tuple[int, int]) -> Pixels:
    """The picture (h, w, 4) in `size` (width, height); the same array if it has that already.

    Premultiplied, so that clear pixels lend no colour to their neighbours. Bicubic: Lanczos leaves a ghost of alpha up
    to 7 beside a hard edge, which would print as a line of specks.
    """
    if (rgba.shape[1], rgba.shape[0]) == size:
        return rgba
    premultiplied = Image.fromarray(rgba).convert("RGBa")
    sized = premultiplied.resize(size, Image.Resampling.BICUBIC, reducing_gap=_REDUCING_GAP)
    return np.array(sized.convert("RGBA"))
