"""Resampling to the pixels that a size in millimetres needs."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def fitted(rgba: Pixels, size: tuple[int, int]) -> Pixels:
    """The picture (h, w, 4) in `size` (width, height); the same array if it has that already.

    Pillow premultiplies RGBA, so clear pixels lend no colour to their neighbours. Bicubic: Lanczos leaves a ghost of
    alpha up to 7 beside a hard edge, which would print as a line of specks.
    """
    if (rgba.shape[1], rgba.shape[0]) == size:
        return rgba
    return np.array(Image.fromarray(rgba).resize(size, Image.Resampling.BICUBIC))
