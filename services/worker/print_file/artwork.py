"""A picture as the inks that a file holds: cropped to its ink, sized, turned, screened, separated, with its plate."""

from dataclasses import dataclass

import numpy as np

from services.worker.prepress import placement
from services.worker.print_file import halftone, inks, underbase
from services.worker.print_file.fitting import Pixels, fitted, turned
from shared.models.print_check import Box
from shared.models.print_file import MM_PER_INCH, PrintFileInput, Space, Underbase


class NoInk(Exception):
    """The picture is clear everywhere."""


class TooLarge(Exception):
    """The file would have too many pixels."""


@dataclass(frozen=True, slots=True)
class Artwork:
    """`colours`: (h, w, 4) RGBA, or (h, w, 5) CMYK and alpha; `plate`: (h, w), white ink, 255 = full.

    `offset`: pixels right and down from the corner of the ink's box before it was turned to the corner of `colours`.
    """

    colours: Pixels
    plate: Pixels | None
    offset: tuple[float, float] = (0, 0)


def artwork(rgba: Pixels, asked: PrintFileInput, profile: bytes) -> Artwork:
    """Raises NoInk or TooLarge. `rgba` stays as it is."""
    sized, offset = _turned(_sized(rgba, asked), asked)
    alpha = np.ascontiguousarray(sized[..., 3])
    dots = halftone.screen(alpha, asked.dpi, asked.halftone_lpi, asked.halftone_angle) if asked.halftone_lpi else alpha
    plate = None
    if asked.underbase is not Underbase.NONE:
        plate = underbase.plate(dots, asked.choke_mm * asked.dpi / MM_PER_INCH, alpha)
    if dots is not alpha:
        sized = np.dstack([sized[..., :3], dots])
    colours = inks.separated(sized, profile) if asked.space is Space.CMYK else sized
    if asked.mirror:
        colours, plate = colours[:, ::-1], None if plate is None else plate[:, ::-1]
    return Artwork(colours, plate, offset)


def _turned(sized: Pixels, asked: PrintFileInput) -> tuple[Pixels, tuple[float, float]]:
    """Turned about its middle, cropped to the ink again, and how far the corner moved."""
    if asked.rotation_mdeg == 0:
        return sized, (0, 0)
    height, width = sized.shape[:2]
    if not asked.is_possible(asked.turned_size((width, height))):
        raise TooLarge
    whole = turned(sized, asked.rotation_mdeg)
    ink, box = _ink(whole)
    return ink, (box.left + (width - whole.shape[1]) / 2, box.top + (height - whole.shape[0]) / 2)


def _ink(rgba: Pixels) -> tuple[Pixels, Box]:
    """The part with ink, and its box. Raises NoInk."""
    box = placement.ink_box(np.ascontiguousarray(rgba[..., 3]))
    if box is None:
        raise NoInk
    return rgba[box.top : box.bottom, box.left : box.right], box


def _sized(rgba: Pixels, asked: PrintFileInput) -> Pixels:
    ink, _ = _ink(rgba)
    size = asked.size((ink.shape[1], ink.shape[0]))
    if size is None:
        raise TooLarge
    return fitted(ink, size)
