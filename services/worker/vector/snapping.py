"""Every pixel becomes one of the inks, so that what is traced has clean edges.

A mixed pixel at an edge may only become an ink that lies beside it: no third colour grows along the border of two.
Small pictures are enlarged first, which lets a curve pass between their pixels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from services.worker.prepress import lab
from services.worker.prepress.arrays import Mask, Pixels
from services.worker.vector import palette
from services.worker.vector.palette import INKED, OPAQUE

CLEAR = 255  # the number of no ink
MOST_PARTS = 4_000
_PIXELS = 3_200_000  # of the working copy
_MOST_SCALE = 4.0
_SURE = 8.0  # CIE76: such a pixel is the ink, and no mixture
_BESIDE = 5  # pixels, as wide as a soft edge
_BITS = 6  # of each channel; its colours are 2 apart in CIE76


class TooComplex(Exception):
    """The picture has more separate parts than a drawing."""


@dataclass(frozen=True, slots=True)
class Snapped:
    """The number of the ink of each pixel, (h, w), or CLEAR; `scale` of its pixels are one of the picture."""

    inks: Pixels
    scale: float


def snap(rgba: Pixels, colours: Pixels) -> Snapped:
    """`rgba` is (h, w, 4), `colours` the inks, (n, 3). Raises TooComplex."""
    scale = float(min(_MOST_SCALE, np.sqrt(_PIXELS / rgba[..., 0].size)))
    inks = nearest_inks(rgba, colours, scale)
    if sum(ndimage.label(inks == ink)[1] for ink in range(len(colours))) > MOST_PARTS:
        raise TooComplex
    return Snapped(inks, scale)


def nearest_inks(rgba: Pixels, colours: Pixels, scale: float) -> Pixels:
    """The number of the ink of each pixel, or CLEAR, of the picture in this scale."""
    copy = resized(rgba, scale) if scale != 1 else rgba
    return _nearest(copy, colours, int(_BESIDE * max(1.0, scale)))


def resized(rgba: Pixels, scale: float) -> Pixels:
    """Premultiplied meanwhile: the colour of clear pixels must not creep in."""
    width, height = (max(1, round(side * scale)) for side in rgba.shape[1::-1])
    picture = Image.fromarray(rgba).convert("RGBa").resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(picture.convert("RGBA"))


def _nearest(rgba: Pixels, colours: Pixels, beside: int) -> Pixels:
    cells = np.zeros(rgba.shape[:2], np.int32)
    for channel in range(3):
        cells = (cells << _BITS) | (rgba[..., channel] >> (8 - _BITS))
    far = _distances(colours)
    nearest = far.argmin(0).astype(np.uint8)[cells]
    sure = (far.min(0) < _SURE)[cells] & (rgba[..., 3] >= OPAQUE)
    flat = palette.flat_pixels(rgba)
    best, out = np.full(cells.shape, np.inf, np.float32), nearest.copy()
    for ink in range(len(colours)):
        if _between(colours, ink):
            sure &= flat | (nearest != ink)
        here = np.where(_near(sure & (nearest == ink), beside), _codes_off(rgba, colours[ink]), np.inf)
        better = here < best
        best[better], out[better] = here[better], ink
    printed = rgba[..., 3] >= INKED
    if sure.any() and np.isinf(best[printed]).any():  # an edge softer than the window
        rows, columns = ndimage.distance_transform_edt(~sure, return_distances=False, return_indices=True)
        out = np.where(np.isinf(best), nearest[rows, columns], out)
    out[~printed] = CLEAR
    return np.asarray(out)


def _codes_off(rgba: Pixels, ink: Pixels) -> NDArray[np.float32]:
    """How far each pixel is from an ink in sRGB codes, of which soft edges are mixed: the middle is half of each."""
    squares = np.zeros(rgba.shape[:2], np.float32)
    for channel in range(3):
        apart = rgba[..., channel].astype(np.float32) - ink[channel]
        squares += apart * apart
    return squares


def _between(colours: Pixels, ink: int) -> bool:
    """Whether an edge between two other inks passes through this one's colour."""
    tints = lab.from_srgb(colours)
    return len(tints) > 1 and bool(palette.mixed(tints[ink : ink + 1], np.delete(tints, ink, 0))[0])


def _near(mask: Mask, side: int) -> Mask:
    return np.asarray(ndimage.maximum_filter(mask, side)) if mask.any() else mask


def _distances(colours: Pixels) -> NDArray[np.float32]:
    """Colour difference of every colour of a coarse cube from every ink: (n, cells)."""
    codes = ((np.arange(1 << _BITS) << (8 - _BITS)) + (1 << (7 - _BITS))).astype(np.uint8)
    cube = np.stack(np.meshgrid(codes, codes, codes, indexing="ij"), -1).reshape(-1, 3)
    tints = lab.from_srgb(cube)
    return np.stack([lab.difference(tints, ink) for ink in lab.from_srgb(colours)]).astype(np.float32)
