"""Resampling to the pixels that a size in millimetres needs, and turning at that size."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
_REACH = 2  # pixels around each that bicubic resampling reads


def fitted(rgba: Pixels, size: tuple[int, int]) -> Pixels:
    """The picture (h, w, 4) in `size` (width, height); the same array if it has that already.

    Pillow premultiplies RGBA, so clear pixels lend no colour to their neighbours. Bicubic: Lanczos leaves a ghost of
    alpha up to 7 beside a hard edge, which would print as a line of specks.
    """
    if (rgba.shape[1], rgba.shape[0]) == size:
        return rgba
    return np.array(Image.fromarray(rgba).resize(size, Image.Resampling.BICUBIC))


def turned(rgba: Pixels, mdeg: int) -> Pixels:
    """The picture turned clockwise by thousandths of a degree about its middle, which is that of the result.

    Quarter turns move pixels and resample none. Otherwise the border is clear, so that straight edges stay smooth.
    """
    if mdeg % 90_000 == 0:
        return np.rot90(rgba, -mdeg // 90_000)
    clear = np.pad(rgba, ((_REACH, _REACH), (_REACH, _REACH), (0, 0)))
    picture = Image.fromarray(clear)
    return np.array(picture.rotate(-mdeg / 1000, Image.Resampling.BICUBIC, expand=True))
