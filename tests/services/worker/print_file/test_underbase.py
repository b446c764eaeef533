"""White underbase: inside the artwork's outline by the choke, and never denser than the artwork."""

import numpy as np
import pytest
from scipy import ndimage

from services.worker.print_file import underbase


def disc(side: int = 200, radius: float = 80) -> np.ndarray:
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    alpha: np.ndarray = np.clip((radius - np.hypot(x, y) + 0.5) * 255, 0, 255).astype(np.uint8)
    return alpha


def test_without_choke_the_plate_is_alpha() -> None:
    alpha = disc()
    plate = underbase.plate(alpha, 0)
    assert np.array_equal(plate, alpha)
    assert not np.shares_memory(plate, alpha)


@pytest.mark.parametrize("choke", [0.5, 1, 2.4, 10])
def test_the_plate_is_drawn_in_by_the_choke_to_parts_of_a_pixel(choke: float) -> None:
    area = underbase.plate(disc(), choke).sum() / 255
    assert np.sqrt(area / np.pi) == pytest.approx(80 - choke, abs=0.5)


def test_the_plate_is_never_denser_than_alpha() -> None:
    fade = np.tile(np.linspace(0, 255, 300).astype(np.uint8), (50, 1))
    plate = underbase.plate(fade, 3)
    assert (plate <= fade).all()
    assert np.array_equal(plate[10:-10, 30:-10], fade[10:-10, 30:-10])


def test_thin_lines_lose_their_white() -> None:
    alpha = np.zeros((50, 50), np.uint8)
    alpha[:, 20:23] = 255
    assert underbase.plate(alpha, 2).max() == 0


def test_dots_of_a_fade_keep_their_white() -> None:
    outline = np.full((60, 60), 128, np.uint8)
    dots = np.zeros((60, 60), np.uint8)
    dots[::4, ::4] = 255
    plate = underbase.plate(dots, 2, outline)
    assert np.array_equal(plate[10:-10, 10:-10], dots[10:-10, 10:-10])
    assert plate[0].max() == 0


def test_strips_make_no_difference() -> None:
    noise = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=(900, 5000)).astype(np.float32), 9) > 0
    alpha = noise * np.uint8(255)
    inside = ndimage.distance_transform_edt(np.pad(noise, 1))[1:-1, 1:-1]
    assert np.array_equal(underbase.plate(alpha, 3.3), np.rint(np.clip(inside - 3.3, 0, 1) * 255).astype(np.uint8))
