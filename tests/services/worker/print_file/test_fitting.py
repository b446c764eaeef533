"""Resampling and turning: the size asked for, no colour of clear pixels, no ghosts beside edges."""

import numpy as np
import pytest

from services.worker.print_file.fitting import fitted, turned


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


def flag() -> np.ndarray:
    """Opaque green up to its border, 200 x 100, with a red corner at the top left."""
    made = np.full((100, 200, 4), (0, 180, 0, 255), np.uint8)
    made[:30, :30] = (200, 0, 0, 255)
    return made


@pytest.mark.parametrize(("quarters", "corner"), [(1, (0, -1)), (2, (-1, -1)), (3, (-1, 0))])
def test_quarter_turns_go_clockwise_and_change_no_pixel(quarters: int, corner: tuple[int, int]) -> None:
    made = turned(flag(), 90_000 * quarters)
    assert np.array_equal(np.rot90(made, quarters), flag())
    assert tuple(made[corner]) == (200, 0, 0, 255)


def test_a_turned_picture_keeps_its_middle_its_area_and_its_colours() -> None:
    made = turned(flag(), 30_000)
    alpha = made[..., 3].astype(float)
    rows, columns = np.mgrid[: made.shape[0], : made.shape[1]] + 0.5
    middle = [float((alpha * places).sum() / alpha.sum()) for places in (columns, rows)]
    assert middle == pytest.approx([made.shape[1] / 2, made.shape[0] / 2], abs=0.05)
    assert alpha.sum() / 255 == pytest.approx(200 * 100, rel=0.002)
    reds = alpha * (made[..., 0] > 100)
    red = [float((reds * places).sum() / reds.sum()) - at for places, at in zip((columns, rows), middle, strict=True)]
    assert red == pytest.approx([-56.1, -72.8], abs=0.5)  # (-85, -35), turned clockwise by 30 degrees
    assert made[alpha > 64][:, 2].max() == 0


def test_the_edges_of_a_turned_picture_are_smooth() -> None:
    alpha = turned(flag(), 5_000)[..., 3]
    assert ((alpha > 8) & (alpha < 247)).sum() > 500
    assert len(np.unique(alpha)) > 100
