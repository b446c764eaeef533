"""Logos enlarged: each pixel becomes one of the inks, and the outlines of the areas are drawn anew, sharp.

Areas are snapped at two to four times the picture's size, smoothed by half a pixel of the picture, and enlarged. Where
two of them are equal lies the outline; its edge gets the width of one pixel of the result. What is a third area's
needs no case of its own, so no gap opens where three meet.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from services.worker.enlargement.bands import Band, bands
from services.worker.prepress.arrays import Pixels
from services.worker.vector import snapping
from services.worker.vector.snapping import CLEAR

_FINE, _COARSE = 4, 2  # of snapping; three is worse than two, as a pixel's middle then lies in a pixel
_FINE_PIXELS = 1_000_000  # of a picture up to which there is time for the finer one
_REACH = 12  # pixels of the picture on either side
_SMOOTH = 0.5  # pixels of the picture
_SLOPE = 1.6  # of the difference of two smoothed areas at their edge, per pixel of the picture

Planes = NDArray[np.float32]  # (n, h, w)


def enlarged(rgba: Pixels, colours: Pixels, size: tuple[int, int]) -> Pixels:
    """The picture, (h, w, 4), in `size` (width, height), drawn with the inks `colours`, (n, 3)."""
    made = np.zeros((size[1], size[0], 4), np.uint8)
    fine = _FINE if rgba[..., 0].size <= _FINE_PIXELS else _COARSE
    for band in bands((rgba.shape[1], rgba.shape[0]), size, _REACH):
        inks = snapping.nearest_inks(rgba[band.first : band.last], colours, fine)
        made[band.top : band.bottom] = _drawn(inks, fine, band, colours, size[0])
    return made


def _drawn(inks: Pixels, fine: int, band: Band, colours: Pixels, width: int) -> Pixels:
    present = np.unique(inks)
    size = (width, band.bottom - band.top)
    box = tuple(fine * side for side in band.box)
    planes = np.stack([_smooth(inks == ink, fine, size, box) for ink in present])
    covers = _covers(planes, width / band.box[2])
    table = np.zeros((len(present), 4), np.float32)
    printed = present != CLEAR
    table[printed, :3], table[printed, 3] = colours[present[printed]], 1
    mixed = np.tensordot(covers, table, (0, 0))
    mixed[..., :3] /= np.maximum(mixed[..., 3:], 1 / 512)
    mixed[..., 3] *= 255
    return np.asarray(np.rint(mixed.clip(0, 255)).astype(np.uint8))


def _smooth(area: NDArray[np.bool_], fine: int, size: tuple[int, int], box: tuple[float, ...]) -> NDArray[np.float32]:
    left, top, right, bottom = box
    soft = ndimage.gaussian_filter(area.astype(np.float32), _SMOOTH * fine, mode="nearest")
    return np.asarray(Image.fromarray(soft).resize(size, Image.Resampling.BICUBIC, (left, top, right, bottom)))


def _covers(planes: Planes, scale: float) -> Planes:
    """The share of each area in each pixel, in all 1."""
    if len(planes) == 1:
        return np.ones_like(planes)
    first, second = np.partition(planes, -2, axis=0)[[-1, -2]]
    ahead = planes - np.where(planes == first, second, first)
    covers = np.clip(ahead * (scale / _SLOPE) + 0.5, 0, 1)
    return np.asarray(covers / covers.sum(0))
