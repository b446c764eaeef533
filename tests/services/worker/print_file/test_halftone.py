"""Halftone: dots whose area follows alpha, while edges and full ink stay."""

import numpy as np
import pytest

from services.worker.print_file import halftone, strips

DPI = 300


@pytest.mark.parametrize("angle", [15, 22.5, 45, 75])
@pytest.mark.parametrize("lines", [20, 45])
def test_the_covered_share_is_alpha(angle: float, lines: float) -> None:
    for level in (3, 40, 128, 200, 252):
        screened = halftone.screen(np.full((400, 400), level, np.uint8), DPI, lines, angle)
        assert set(np.unique(screened)) <= {0, 255}
        assert screened.mean() == pytest.approx(level, abs=3)


def test_opaque_and_clear_pixels_stay() -> None:
    alpha = np.zeros((300, 300), np.uint8)
    alpha[50:250, 50:250] = 255
    assert np.array_equal(halftone.screen(alpha, DPI, 45, 22.5), alpha)


def test_the_rim_of_an_edge_is_cut_at_one_half_not_dotted() -> None:
    alpha = np.zeros((300, 300), np.uint8)
    alpha[50:250, 50:250] = 255
    alpha[50:250, 49], alpha[50:250, 250] = 60, 200
    screened = halftone.screen(alpha, DPI, 45, 22.5)
    assert screened[:, 49].max() == 0
    assert screened[50:250, 250].min() == 255


def test_dots_run_on_across_the_strips_that_are_worked_on(monkeypatch: pytest.MonkeyPatch) -> None:
    alpha = np.tile(np.linspace(1, 254, 800).astype(np.uint8), (500, 1))
    whole = halftone.screen(alpha, DPI, 45, 22.5)
    monkeypatch.setattr(strips, "_STRIP_PIXELS", 800 * 7)
    assert np.array_equal(halftone.screen(alpha, DPI, 45, 22.5), whole)


def test_the_angle_turns_the_dots() -> None:
    level, slanted = (halftone.screen(np.full((200, 200), 128, np.uint8), DPI, 30, angle) for angle in (0, 45))
    assert not np.array_equal(level, slanted)
    period = DPI // 30
    assert np.array_equal(level[:, period:], level[:, :-period])
