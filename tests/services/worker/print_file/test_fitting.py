"""Resampling: the size asked for, no colour of clear pixels, no ghosts beside edges."""

import numpy as np
import pytest

from services.worker.print_file.fitting import fitted


def square(side: int = 300) -> np.ndarray:
    """Opaque green in the middle of clear red."""
    made = np.zeros((side, side, 4), np.uint8)
    made[..., 0] = 255
    made[100:200, 100:200] = (0, 180, 0, 255)
    return made


def test_a_picture_of_the_right_size_is_left_alone() -> None:
    assert fitted(square(), (300, 300)).base is None
    assert np.array_equal(fitted(square(), (300, 300)), square())


@pytest.mark.parametrize("size", [(700, 650), (170, 210), (45, 45), (1, 1), (3, 900)])
def test_clear_pixels_lend_no_colour(size: tuple[int, int]) -> None:
    made = fitted(square(), size)
    assert made.shape == (size[1], size[0], 4)
    assert made[made[..., 3] > 64][..., 0].max(initial=0) <= 4


@pytest.mark.parametrize("side", [700, 170])
def test_nothing_prints_beside_an_edge_and_nothing_shines_through_inside(side: int) -> None:
    alpha = fitted(square(), (side, side))[..., 3]
    scale = side / 300
    ink = np.zeros_like(alpha, bool)
    ink[int(100 * scale) - 4 : int(200 * scale) + 5, int(100 * scale) - 4 : int(200 * scale) + 5] = True
    assert alpha[~ink].max() == 0
    assert alpha[int(100 * scale) + 4 : int(200 * scale) - 4, side // 2].min() == 255
