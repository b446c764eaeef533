"""Lines and gaps on both sides of a limit, in every direction."""

import numpy as np
import pytest

from services.worker.prepress import strokes
from services.worker.prepress.arrays import Pixels

NEAR_LIMIT = 0.3  # of it: nearer widths may go either way, pixels being what they are


def line(width: float, angle: float, side: int = 500) -> Pixels:
    """An antialiased line through the middle, on clear ground."""
    rows, columns = np.mgrid[:side, :side] - side / 2
    across = np.abs(columns * np.cos(angle) + rows * np.sin(angle))
    along = np.abs(rows * np.cos(angle) - columns * np.sin(angle))
    alpha = np.clip(width / 2 + 0.5 - across, 0, 1) * (along < 0.4 * side)
    return np.asarray((alpha * 255 + 0.5).astype(np.uint8))


@pytest.mark.parametrize("angle", [0, 0.3, 0.785, 1.2, 1.571])
@pytest.mark.parametrize("limit", [2.0, 3.0, 4.5, 9.0, 20.0])
def test_a_line_is_thin_if_it_is_narrower_than_the_limit(limit: float, angle: float) -> None:
    assert strokes.thin(line((1 - NEAR_LIMIT) * limit, angle), limit).parts == 1
    assert strokes.thin(line((1 + NEAR_LIMIT) * limit, angle), limit).parts == 0


def test_a_gap_is_narrow_if_ink_is_near_on_both_sides() -> None:
    assert strokes.thin(255 - line(4, 0.3), 7, gaps=True).parts == 1
    assert strokes.thin(255 - line(11, 0.3), 7, gaps=True).parts == 0


def test_corners_are_no_lines() -> None:
    alpha = np.zeros((300, 300), np.uint8)
    alpha[50:250, 50:250] = 255
    assert strokes.thin(alpha, 9).parts == 0


def test_lines_are_found_across_tiles_as_one() -> None:
    alpha = np.zeros((800, 800), np.uint8)
    alpha[400:402, 20:780] = 255
    assert strokes.thin(alpha, 5).parts == 1


def test_a_limit_below_the_pixels_finds_nothing() -> None:
    assert strokes.thin(line(1, 0), 1.2).parts == 0
