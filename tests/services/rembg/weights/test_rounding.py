"""Rounding errors of weights cancel out where they would add up."""

import numpy as np
import pytest

from services.rembg.weights.rounding import LARGEST, lost, rounded

RANDOM = np.random.default_rng(5)
WEIGHT = RANDOM.standard_normal((6, 8, 3, 3))
BIAS = RANDOM.standard_normal(6)


def test_each_weight_is_off_by_less_than_a_step_and_the_sum_of_a_channel_by_half_of_one() -> None:
    integers, scale = rounded(WEIGHT, BIAS, 0.1)
    steps = WEIGHT / scale[:, None, None, None]
    assert np.abs(integers - steps).max() < 1
    assert np.abs((integers - steps).sum((2, 3))).max() <= 0.5 + 1e-9
    assert np.abs(np.rint(steps) - steps).sum() < np.abs(integers - steps).sum()  # to nearest, sums are further off
    assert np.abs((np.rint(steps) - steps).sum((2, 3))).max() > 0.5


def test_the_largest_weight_of_an_output_is_the_largest_integer() -> None:
    integers, _ = rounded(WEIGHT, BIAS, 0.1)
    assert np.abs(integers).reshape(6, -1).max(1).tolist() == pytest.approx([LARGEST] * 6, abs=1)
    assert np.abs(integers).max() <= LARGEST


def test_a_bias_fits_into_32_bits_whatever_the_weights_are() -> None:
    _, scale = rounded(np.zeros((1, 2, 3, 3)), np.array([1e6]), 0.01)
    assert 1e6 / (scale[0] * 0.01) < 2**31


def test_what_is_lost_at_the_mean_is_known() -> None:
    integers, scale = rounded(WEIGHT, BIAS, 0.1)
    mean = RANDOM.random(8)
    exact, found = ((weight.sum((2, 3)) @ mean) for weight in (WEIGHT, integers * scale[:, None, None, None]))
    assert found + lost(WEIGHT, integers, scale, mean) == pytest.approx(exact)
