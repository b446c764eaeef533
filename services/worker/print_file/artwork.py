"""A picture as the inks that a file holds: cropped to its ink, sized, screened, separated, with its white plate."""

from dataclasses import dataclass

import numpy as np

from services.worker.prepress import placement
from services.worker.print_file import halftone, inks, underbase
from services.worker.print_file.fitting import Pixels, fitted
from shared.models.print_file import MM_PER_INCH, PrintFileInput, Space, Underbase


class NoInk(Exception):
    """The picture is clear everywhere."""


class TooLarge(Exception):
    """The file would have too many pixels."""


@dataclass(frozen=True, slots=True)
class Artwork:
    """`colours`: (h, w, 4) RGBA, or (h, w, 5) CMYK and alpha; `plate`: (h, w), white ink, 255 = full."""

    colours: Pixels
    plate: Pixels | None


def artwork(rgba: Pixels, asked: PrintFileInput, profile: bytes) -> Artwork:
    """Raises NoInk or TooLarge. `rgba` stays as it is."""
    sized = _sized(rgba, asked)
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
    return Artwork(colours, plate)


def _sized(rgba: Pixels, asked: PrintFileInput) -> Pixels:
    box = placement.ink_box(np.ascontiguousarray(rgba[..., 3]))
    if box is None:
        raise NoInk
    ink = rgba[box.top : box.bottom, box.left : box.right]
    size = asked.size((ink.shape[1], ink.shape[0]))
    if size is None:
        raise TooLarge
    return fitted(ink, size)
