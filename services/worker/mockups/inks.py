"""Ink on a garment, in linear light: dye on pale cloth, an underbase on dark cloth, print under a glaze, a sticker."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageFilter, ImageOps

from services.worker.mockups.colours import FULL, Floats
from services.worker.mockups.packs import Pack
from services.worker.srgb import LINEAR

# A white base goes under the ink where cloth is darker than paper: fully below 0.45 of linear light, not above 0.62.
_BASE_FULL, _BASE_NONE = 0.45, 0.62
_WHITE = 0.93  # what white ink reflects
_RIM_MM = 2.5


@dataclass(frozen=True, slots=True)
class Place:
    """Rows and columns of a pack's window."""

    pack: Pack
    part: tuple[slice, slice]

    def light(self) -> Floats:
        left, top, right, bottom = self.pack.window
        shade = self.pack.shade[top:bottom, left:right][self.part][..., None]
        return np.asarray(shade / np.float32(FULL), np.float32)

    def gloss(self) -> Floats:
        left, top, right, bottom = self.pack.window
        if self.pack.gloss is None:
            return np.zeros((1, 1, 1), np.float32)
        return np.asarray(LINEAR[self.pack.gloss[top:bottom, left:right][self.part]][..., None])


def on_cloth(at: Place, below: Floats, ink: Floats, luminance: float) -> Floats:
    """Colour of printed cloth, (rows, columns, 3). `below` is the blank garment."""
    base = np.float32(np.clip((_BASE_NONE - luminance) / (_BASE_NONE - _BASE_FULL), 0, 1))
    dyed = below * (np.float32(0.985) * ink + np.float32(0.004))
    if base == 0:
        return dyed
    light = 1 + np.float32(0.9) * (at.light() - 1)  # a film of ink evens out the finest folds
    lying: Floats = np.minimum(_WHITE * ink + np.float32(0.012), np.float32(_WHITE)) * light
    return np.asarray(lying if base == 1 else dyed * (1 - base) + lying * base)


def under_glaze(at: Place, below: Floats, ink: Floats, luminance: float) -> Floats:
    gloss = at.gloss()
    if luminance > _BASE_FULL:
        return (below - gloss) * ink + gloss
    return _WHITE * ink * at.light() + gloss


def on_vinyl(at: Place, ink: Floats) -> Floats:
    return _WHITE * ink * np.maximum(at.light(), np.float32(0.9)) + np.float32(0.5) * at.gloss()


def coverage(at: Place, alpha: Floats) -> Floats:
    """How far ink hides what is below it: yarn shows through in the valleys of the weave."""
    cover = alpha * at.pack.bare[at.part]
    if at.pack.yarn is not None:
        cover *= np.float32(0.972) + np.float32(0.02) * at.pack.yarn[at.part]
    return cover[..., None]


def cut_out(ink: Image.Image, px_mm: float) -> Image.Image:
    """A sticker: the printed design (RGBA) on white vinyl that is cut at a distance round it, narrow gaps filled."""
    radius = _RIM_MM * px_mm / 2  # at half the size, which is enough for a smooth cut
    margin = round(6 * radius)  # blurs repeat what lies at the border
    solid = _step(ImageOps.expand(ink.getchannel("A").reduce(2), margin), 60, 255)
    near = _grown(_grown(solid, radius / 2), radius / 2)
    wide = ImageFilter.GaussianBlur(1.6 * radius)
    closed = _step(_step(near.filter(wide), 10, 60).filter(wide), 247, 40)  # grown, then shrunk by as much
    shape = ImageOps.crop(ImageChops.lighter(closed, near), margin).resize(ink.size, Image.Resampling.BICUBIC)
    shape = _step(shape, 128, 2)
    vinyl = Image.new("RGBA", ink.size, (255, 255, 255, 255))
    vinyl.alpha_composite(ink)
    vinyl.putalpha(ImageChops.lighter(shape, ink.getchannel("A")))
    return vinyl


def _grown(shape: Image.Image, distance: float) -> Image.Image:
    """The shape with its edge moved outwards: at 1.25 sigma from an edge its blur is 0.106."""
    return _step(shape.filter(ImageFilter.GaussianBlur(distance / 1.25)), 30, 5)


def _step(a: Image.Image, level: int, slope: int) -> Image.Image:
    """0 below the level, 255 above, with an edge as steep as `slope`."""
    return a.point([max(0, min(255, 128 + (code - level) * slope)) for code in range(256)])
