"""The ground's colour, read from the border."""

import numpy as np
import pytest

from services.rembg.flat_ground import ground
from tests.services.rembg.flat_ground.scenes import BLUE, CREAM, WHITE, composed, disc, graded


def test_the_border_decides_the_colour() -> None:
    found = ground.find(composed(disc(), BLUE, CREAM))
    assert found is not None
    assert found.constant
    assert found.middle.tolist() == list(CREAM)


def test_a_third_of_the_border_may_be_artwork() -> None:
    picture = np.full((300, 300, 3), WHITE, np.uint8)
    picture[100:190] = BLUE
    found = ground.find(picture)
    assert found is not None
    assert found.middle.tolist() == list(WHITE)


def test_half_the_border_may_not() -> None:
    picture = np.full((300, 300, 3), WHITE, np.uint8)
    picture[:150] = BLUE
    assert ground.find(picture) is None


def test_a_surface_is_followed_to_the_middle() -> None:
    surface = graded((200, 160), (200, 190, 180), by=20)
    found = ground.find(np.rint(surface).astype(np.uint8))
    assert found is not None
    assert not found.constant
    assert np.abs(found.rows(0, 160, (200, 160)).astype(float) - surface).max() <= 1


@pytest.mark.parametrize("by", [60, 200])
def test_a_steeper_surface_is_no_ground(by: float) -> None:
    assert ground.find(np.rint(graded((200, 160), (128, 128, 128), by).clip(0, 255)).astype(np.uint8)) is None


def test_noise_is_no_ground() -> None:
    assert ground.find(np.random.default_rng(2).integers(0, 256, (100, 100, 3), dtype=np.uint8)) is None
