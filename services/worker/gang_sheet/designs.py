"""Designs at print size: cropped to their ink, resampled, with label and white plate, on disk one after another."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from PIL import Image
from shapely.geometry import Polygon

from services.worker.gang_sheet import labels
from services.worker.gang_sheet.outlines import outline
from services.worker.gang_sheet.rasters import Raster
from services.worker.prepress import placement
from services.worker.prepress.arrays import Pixels
from services.worker.print_file import underbase
from shared.models.gang_sheet import DPI, MM_PER_INCH, pixels

MM_PER_PX = MM_PER_INCH / DPI
MOST_PIXELS = 200_000_000  # of one design: 1.1 x 1.3 m
CHOKE_PX = 2.0  # of the white plate, at 300 dpi; see prepress.rules
_INK = 8  # alpha from which a pixel prints; less is cleared, or it would widen the outline
_BAND_PIXELS = 1 << 20
_LOWEST = 50  # a label is centred below the lowest fiftieth of the ink
_SUPPORT = 2  # pixels that bicubic resampling reads to each side, times the reduction


class NoInk(Exception):
    """The picture is clear everywhere."""


class TooLarge(Exception):
    """The design would have too many pixels."""


@dataclass(frozen=True, slots=True)
class Design:
    """A design on disk. `ink`: its pixels above alpha 0. `outline`: in mm, from its top left corner."""

    colours: Raster
    plate: Raster | None
    outline: Polygon
    ink: int

    @property
    def width_mm(self) -> float:
        return self.colours.width * MM_PER_PX

    @property
    def height_mm(self) -> float:
        return self.colours.height * MM_PER_PX


def make(rgba: Pixels, width_mm: float, path: Path, *, label: str = "", white: bool = False) -> Design:
    """Write a picture's ink, `width_mm` wide, to `path`. Raises NoInk or TooLarge.

    `label` is printed below it; `white`: with a plate, at `path` and .plate.
    """
    colours = _resampled(rgba, width_mm, path, label)
    mapped = colours.mapped()
    alpha = np.ascontiguousarray(mapped[..., 3])
    del mapped  # what was read of it counts as memory until then
    if not alpha.any():
        raise NoInk
    plate = None
    if white:
        plate = Raster.write(Path(f"{path}.plate"), [underbase.plate(alpha, CHOKE_PX)], colours.width, 1)
    return Design(colours, plate, outline(alpha, MM_PER_PX), int(np.count_nonzero(alpha)))


def _resampled(rgba: Pixels, width_mm: float, path: Path, label: str) -> Raster:
    box = placement.ink_box(np.ascontiguousarray(rgba[..., 3]))
    if box is None:
        raise NoInk
    ink = rgba[box.top : box.bottom, box.left : box.right]
    width = max(1, pixels(width_mm))
    height = max(1, round(len(ink) * width / ink.shape[1]))
    if width * height > MOST_PIXELS:
        raise TooLarge
    strips = fitted(ink, (width, height))
    if not label:
        return Raster.write(path, strips, width, 4)
    text = labels.drawn(label)
    whole = max(width, text.shape[1])
    left = round(_lowest(ink) * width - text.shape[1] / 2)
    below = _widened(text, min(max(0, left), whole - text.shape[1]), whole)
    return Raster.write(path, chain((_widened(strip, 0, whole) for strip in strips), [below]), whole, 4)


def _lowest(ink: Pixels) -> float:
    """Where the lowest ink lies, from 0 at the left edge to 1: a label there stays near the design."""
    alpha = ink[-max(1, len(ink) // _LOWEST) :, :, 3]
    columns = np.flatnonzero((alpha >= _INK).any(0))
    return float((columns.mean() + 0.5) / ink.shape[1])


def _widened(strip: Pixels, left: int, width: int) -> Pixels:
    return np.pad(strip, ((0, 0), (left, width - left - strip.shape[1]), (0, 0)))


def fitted(rgba: Pixels, size: tuple[int, int]) -> Iterator[Pixels]:
    """The picture in another size, (width, height), in strips; ink fainter than prints is cleared.

    Bicubic, premultiplied by Pillow, as a print file. A strip is resampled from the rows that it needs, and is within 1
    of 255 of that part of the whole.
    """
    width, height = size
    scale = len(rgba) / height
    reach = math.ceil(_SUPPORT * max(1.0, scale)) + 1
    rows = max(1, _BAND_PIXELS // max(width, math.ceil(scale * rgba.shape[1])))
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        first = max(0, math.floor(top * scale) - reach)
        last = min(len(rgba), math.ceil(bottom * scale) + reach)
        part = Image.fromarray(np.ascontiguousarray(rgba[first:last]))
        box = (0, top * scale - first, rgba.shape[1], min(bottom * scale - first, last - first))
        sized = np.array(part.resize((width, bottom - top), Image.Resampling.BICUBIC, box))
        sized[sized[..., 3] < _INK] = 0
        yield sized
