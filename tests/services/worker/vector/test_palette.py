"""Palettes: the inks of logos exactly, thin ones too; and what was not drawn with a few inks."""

import numpy as np
import pytest

from services.worker.vector import palette
from tests.services.worker.vector.logos import INKS, Pixels, fade, jpeg, logo, noise, photograph


@pytest.mark.parametrize("side", [400, 1000])
def test_the_inks_of_a_logo_are_found_exactly(side: int) -> None:
    found = palette.find(logo(side))
    assert {tuple(ink) for ink in found.colours.tolist()} == set(INKS)
    assert found.drawn
    assert sum(found.shares) == pytest.approx(1)
    assert list(found.shares) == sorted(found.shares, reverse=True)


def test_a_jpeg_of_a_logo_has_the_same_inks_nearly() -> None:
    found = palette.find(jpeg(logo(1000), 85))
    assert found.drawn
    assert len(found.colours) == len(INKS)
    away = np.abs(found.colours[:, None].astype(int) - np.array(INKS)).max(2).min(0)
    assert away.max() <= 4


def test_one_ink_is_a_logo() -> None:
    found = palette.find(np.where(logo(300)[..., 3:] > 0, np.array([200, 30, 40, 255]), 0).astype(np.uint8))
    assert (found.colours.tolist(), found.shares, found.drawn) == ([[200, 30, 40]], (1.0,), True)


def test_more_inks_than_are_allowed_are_not_left_out_silently() -> None:
    assert not palette.find(logo(400), most=2).drawn


@pytest.mark.parametrize(
    "picture", [fade(), photograph(), noise(600), noise(600, 2)], ids=("fade", "photo", "noise", "dither")
)
def test_what_has_no_flat_inks_is_no_drawing(picture: Pixels) -> None:
    assert not palette.find(picture).drawn


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((5, 5, 4), np.uint8),
        np.full((1, 1, 4), 255, np.uint8),
        np.full((1, 3000, 4), 200, np.uint8),
        np.full((40, 40, 4), 129, np.uint8),
        np.random.default_rng(0).integers(0, 256, (700, 900, 4), dtype=np.uint8),
    ],
    ids=("empty", "pixel", "row", "half", "bytes"),
)
def test_any_picture_has_a_finite_palette(picture: Pixels) -> None:
    found = palette.find(picture)
    assert len(found.colours) == len(found.shares) <= palette.MOST_INKS
    assert np.isfinite([*found.shares, found.flat, found.explained]).all()
