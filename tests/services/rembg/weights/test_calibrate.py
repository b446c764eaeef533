"""What a network's tensors hold, over several inputs."""

import numpy as np
import pytest

from services.rembg.weights import CATALOGUE, Name
from services.rembg.weights.calibrate import calibration, observe
from tests.services.rembg import graphs


def test_calibration_shows_pictures_as_the_network_sees_them() -> None:
    first = next(calibration(CATALOGUE[Name.U2NETP].preparation))
    assert first.shape == (1, 3, 320, 320)
    assert first.dtype == np.float32


def test_ranges_are_the_extremes_of_all_inputs_and_contain_zero() -> None:
    batches = [graphs.X, 2 * graphs.X - 3, graphs.X + 1]
    observed = observe(graphs.small_u(), ["seen"], batches)
    assert observed.range("x") == pytest.approx((2 * graphs.X.min() - 3, graphs.X.max() + 1))
    assert observed.range("seen")[0] == 0  # of what Relu makes
    assert observe(graphs.small_u(), [], [graphs.X + 1]).range("x")[0] == 0


def test_highs_are_those_of_each_channel() -> None:
    observed = observe(graphs.small_u(), [], [graphs.X, 2 * graphs.X - 3])
    assert observed.highs["x"] == pytest.approx(graphs.X.max((0, 2, 3)))
    assert observed.of({"x": np.array([2, 0])}).highs["x"].tolist() == observed.highs["x"][[2, 0]].tolist()


def test_means_are_those_of_each_channel() -> None:
    observed = observe(graphs.small_u(), [], [graphs.X, graphs.X + 3])
    assert observed.means["x"] == pytest.approx(graphs.X.mean((0, 2, 3)) + 1.5, abs=1e-5)
