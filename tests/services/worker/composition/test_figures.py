"""Figures that do not touch each other."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from services.worker.composition import figures


def ink(*boxes: tuple[int, int, int, int]) -> figures.Mask:
    picture = Image.new("1", (300, 203))
    for box in boxes:
        picture.paste(1, box)
    return np.asarray(picture)


LEFT, RIGHT = (10, 20, 101, 203), (120, 50, 300, 150)


def test_figures_apart_are_told_apart_pixel_for_pixel() -> None:
    found = list(figures.apart(ink(LEFT, RIGHT)))
    expected = [ink(LEFT), ink(RIGHT)]
    assert len(found) == 2
    assert all(any(np.array_equal(one, other) for other in expected) for one in found)


def test_what_touches_is_one_figure() -> None:
    assert len(list(figures.apart(ink(LEFT, (101, 100, 120, 103), RIGHT)))) == 1


def test_specks_are_no_figures() -> None:
    assert len(list(figures.apart(ink(LEFT, (200, 10, 203, 13))))) == 1


def test_nothing_has_no_figures() -> None:
    assert list(figures.apart(ink())) == []


@pytest.mark.parametrize("turns", [1, 4])
def test_a_winding_figure_is_one(turns: int) -> None:
    picture = Image.new("1", (400, 400))
    spiral = [
        (200 + (20 + 14 * angle) * np.cos(6.28 * angle), 200 + (20 + 14 * angle) * np.sin(6.28 * angle))
        for angle in np.linspace(0, turns, 60 * turns)
    ]
    ImageDraw.Draw(picture).line(spiral, 1, 5)
    assert len(list(figures.apart(np.asarray(picture)))) == 1
