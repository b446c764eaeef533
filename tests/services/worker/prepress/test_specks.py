"""Lettering beside a large part is no dirt; specks that lie alone are, and the result says how many went."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from services.worker.prepress.arrays import Pixels
from services.worker.prepress.check import check
from services.worker.prepress.edges import Options
from services.worker.prepress.rules import Print
from shared.models.print_edges import Gate, Removed
from tests.services.worker.prepress.pictures import blurred, cut_out, disc, hardened

NAVY = (20, 30, 80, 255)


def logo() -> Pixels:
    """A ring above large and small letters, whose ink is 1015 pixels wide."""
    picture = Image.new("RGBA", (1200, 900))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((350, 60, 850, 560), outline=(200, 30, 40, 255), width=60)
    draw.text((600, 650), "NORTHWIND ROWING", NAVY, ImageFont.load_default(100), "mm")
    draw.text((600, 780), "Since 1962 - in rain, mist, ice; fifth tide", NAVY, ImageFont.load_default(36), "mm")
    return np.asarray(picture)


def parts(rgba: Pixels) -> tuple[int, int]:
    """Parts of ink, and clear parts: the ground and what letters enclose."""
    ink = rgba[..., 3] > 127
    return ndimage.label(ink, np.ones((3, 3)))[1], ndimage.label(~ink)[1]


@pytest.mark.parametrize("width_mm", [60, 100, 250, 1000])
@pytest.mark.parametrize("island_mm2", [0, 0.2, 1])
def test_letters_their_dots_and_their_eyes_stay(width_mm: float, island_mm2: float) -> None:
    made = hardened(logo(), Options(width_mm / 1015, island_mm2=island_mm2))
    assert parts(made.rgba) == parts(logo())
    assert parts(made.rgba)[0] > 50
    assert (made.gate, made.removed) == (Gate.APPLY, Removed(0, 0, 0, 0))


@pytest.mark.parametrize("width_mm", [60, 250])
def test_the_check_takes_no_letter_for_dirt(width_mm: float) -> None:
    figures = check(logo(), Print(width_mm)).figures
    assert figures
    assert (figures.islands, figures.pinholes) == (0, 0)


def with_a_part(side: int, opacity: float = 1.0) -> Pixels:
    """A disc of 20 mm and a square, at 0.1 mm a pixel."""
    alpha = disc(100, side=600)
    alpha[20 : 20 + side, 20 : 20 + side] = opacity
    return cut_out(blurred(alpha, 0.5))


@pytest.mark.parametrize(
    ("side", "island_mm2", "stays"), [(8, 1, False), (12, 1, True), (8, 0.5, True), (8, 0, True), (12, 2, False)]
)
def test_a_lone_speck_goes_by_its_size_in_print(side: int, island_mm2: float, *, stays: bool) -> None:
    made = hardened(with_a_part(side), Options(0.1, island_mm2=island_mm2))
    assert bool(made.rgba[20 + side // 2, 20 + side // 2, 3]) is stays
    assert made.removed.parts == (not stays)
    assert made.removed.parts_mm2 == pytest.approx(0 if stays else (side / 10) ** 2, rel=0.2)


@pytest.mark.parametrize(
    ("side", "opacity", "stays"), [(30, 0.7, False), (30, 1, True), (50, 0.7, True)], ids=["faint", "sure", "large"]
)
def test_a_lone_part_that_the_mask_is_nowhere_sure_of_goes_while_small(
    side: int, opacity: float, *, stays: bool
) -> None:
    made = hardened(with_a_part(side, opacity), Options(0.1))
    assert bool(made.rgba[20 + side // 2, 20 + side // 2, 3]) is stays
    assert made.removed.parts == (not stays)


def test_closed_holes_are_reported() -> None:
    alpha = disc(200, side=600)
    alpha[296:302, 296:302] = 0
    removed = hardened(cut_out(alpha), Options(0.1)).removed
    assert (removed.parts, removed.holes) == (0, 1)
    assert removed.holes_mm2 == pytest.approx(0.36, rel=0.2)
