"""Colours as a person sees them, beside published values for sRGB and D65."""

import numpy as np
import pytest

from services.worker.prepress import lab


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((255, 0, 0), (53.2, 80.1, 67.2)),
        ((0, 255, 0), (87.7, -86.2, 83.2)),
        ((0, 0, 255), (32.3, 79.2, -107.9)),
        ((119, 119, 119), (50.0, 0, 0)),
    ],
)
def test_colours_have_their_published_values(
    colour: tuple[int, int, int], expected: tuple[float, float, float]
) -> None:
    assert lab.from_srgb(np.array(colour, np.uint8)) == pytest.approx(expected, abs=0.2)


def test_a_difference_is_a_distance() -> None:
    assert lab.difference(np.array([[50.0, 3, 4]]), np.array([[50.0, 0, 0]])) == pytest.approx(5)
