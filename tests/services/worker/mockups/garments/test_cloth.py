"""Settling cloth: what is cut to size lies flat, what is cut too large folds."""

import numpy as np
import pytest

from services.worker.mockups.garments.cloth import Sheet, settle
from services.worker.mockups.garments.shapes import SIDE, XX, YY, Map

NOTHING = np.zeros((SIDE, SIDE), np.float32)


@pytest.fixture(scope="module")
def shape() -> Map:
    return np.asarray((np.abs(XX - 600) < 240) & (np.abs(YY - 600) < 240), np.float32)


def test_cloth_that_is_cut_to_size_lies_flat(shape: Map) -> None:
    height = settle(Sheet(shape, NOTHING, NOTHING, gravity=0.02, steps=60))
    assert height[shape > 0].max() < 1.0


def test_cloth_that_is_cut_too_large_folds_above_the_ground(shape: Map) -> None:
    wider = np.asarray(0.03 * (XX - 600), np.float32)
    height = settle(Sheet(shape, wider, NOTHING, gravity=0.004, hold=0.03, steps=60))
    assert np.isfinite(height).all()
    assert height[shape > 0].min() > -1.0
    assert height[shape > 0].max() > 5.0


def test_cloth_lies_on_its_ground(shape: Map) -> None:
    hill = np.asarray(20 * np.exp(-(((XX - 600) / 90) ** 2) - ((YY - 600) / 90) ** 2), np.float32)
    height = settle(Sheet(shape, NOTHING, NOTHING, ground=hill, gravity=0.02, steps=40))
    assert height[600, 600] > 15
