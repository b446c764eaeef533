"""Light on height maps."""

import numpy as np
import pytest

from services.worker.mockups.garments.light import lit


def _slope(dx: float, dy: float) -> np.ndarray:
    y, x = np.mgrid[0:200, 0:200].astype(np.float32)
    return np.asarray(dx * x + dy * y)


def test_an_open_level_surface_has_light_one() -> None:
    assert lit(np.zeros((200, 200), np.float32)) == pytest.approx(1.0, abs=1e-5)


def test_a_slope_towards_the_lamp_is_brighter_than_one_away_from_it() -> None:
    towards, away = lit(_slope(0.3, 0.3))[100, 100], lit(_slope(-0.3, -0.3))[100, 100]
    assert towards > 1.02 > away + 0.1


def test_a_pit_is_darker_than_what_surrounds_it() -> None:
    height = np.zeros((200, 200), np.float32)
    height[80:120, 80:120] = -30
    light = lit(height)
    assert light[100, 100] < 0.8 < light[30, 30]


def test_a_wall_throws_its_shadow_away_from_the_lamp() -> None:
    height = np.zeros((200, 200), np.float32)
    height[90:110, 90:110] = 40
    light = lit(height)
    assert light[125, 125] < light[75, 75] - 0.1
