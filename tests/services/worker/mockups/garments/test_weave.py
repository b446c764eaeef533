"""Tiles of weaves."""

from collections.abc import Callable

import numpy as np
import pytest

from services.worker.mockups.garments import weave


@pytest.mark.parametrize("tile", [weave.jersey, weave.fleece, weave.canvas, weave.twill])
def test_a_weave_is_grey_and_repeats_without_a_seam(tile: Callable[[], np.ndarray]) -> None:
    grey = tile().astype(float)
    assert grey.mean() == pytest.approx(128, abs=2)
    assert 25 < grey.std() < 45
    inside, seam = np.abs(np.diff(grey, axis=1)).mean(), np.abs(grey[:, 0] - grey[:, -1]).mean()
    assert seam < 1.6 * inside
