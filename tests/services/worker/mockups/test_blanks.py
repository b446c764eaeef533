"""Blank garments take the colour, and few are kept."""

import numpy as np
import pytest

from services.worker.mockups import packs
from services.worker.mockups.blanks import blank
from shared.models.garment import GARMENTS


@pytest.mark.parametrize("name", GARMENTS)
@pytest.mark.parametrize("colour", [(245, 244, 240), (176, 32, 44), (31, 42, 68)])
def test_a_garment_has_the_colour_asked_for(name: str, colour: tuple[int, int, int]) -> None:
    x, y = GARMENTS[name].centre
    middle = blank(GARMENTS[name], colour)[y - 60 : y + 60, x - 60 : x + 60].mean(axis=(0, 1))
    assert np.abs(middle - colour).max() < 45


@pytest.mark.parametrize("name", GARMENTS)
def test_the_backdrop_is_the_same_behind_every_colour(name: str) -> None:
    beside = packs.load(GARMENTS[name]).cover == 0
    assert beside.mean() > 0.2
    white, black = (blank(GARMENTS[name], colour) for colour in ((255, 255, 255), (0, 0, 0)))
    assert np.array_equal(white[beside], black[beside])


@pytest.mark.parametrize("name", ["hoodie", "tshirt-front"])
def test_folds_of_black_cloth_can_be_seen(name: str) -> None:
    solid = packs.load(GARMENTS[name]).cover == 255
    low, high = np.percentile(blank(GARMENTS[name], (20, 20, 22))[solid], [2, 98])
    assert high - low > 20


def test_a_few_blanks_are_kept() -> None:
    for shade in range(20):
        blank(GARMENTS["mug"], (shade, shade, shade))
    assert blank.cache_info().currsize == blank.cache_info().maxsize == 6


def test_a_kept_blank_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        blank(GARMENTS["mug"], (1, 2, 3))[0, 0] = 0
