"""Which colours inks reach."""

import numpy as np
import pytest

from services.worker.prepress import gamut


@pytest.mark.parametrize("colour", [(128, 128, 128), (224, 172, 140), (20, 30, 80), (178, 64, 48), (255, 255, 255)])
def test_calm_colours_can_be_printed(colour: tuple[int, int, int]) -> None:
    assert not gamut.unreachable(np.array([colour], np.uint8), 10).any()


@pytest.mark.parametrize("colour", [(0, 255, 0), (0, 0, 255), (64, 255, 32), (255, 0, 255)])
def test_a_screens_brightest_colours_cannot(colour: tuple[int, int, int]) -> None:
    assert gamut.unreachable(np.array([colour], np.uint8), 10).all()
