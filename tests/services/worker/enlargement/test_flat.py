"""Logos enlarged: nearer to the drawing than any smooth enlargement, and the same however it is cut into bands."""

import numpy as np
import pytest
from PIL import Image

from services.worker.enlargement import bands, flat
from services.worker.vector import palette
from tests.services.worker.vector.logos import INKS, Pixels, logo


def _enlarged(rgba: Pixels, size: tuple[int, int]) -> Pixels:
    return flat.enlarged(rgba, palette.find(rgba).colours, size)


def _off(one: Pixels, other: Pixels) -> float:
    """The share of pixels that differ by more than 32 codes."""
    apart = (np.asarray(Image.fromarray(rgba).convert("RGBa")).astype(int) for rgba in (one, other))
    return float((np.abs(next(apart) - next(apart)).max(2) > 32).mean())


@pytest.mark.parametrize(("side", "large", "most"), [(120, 900, 0.06), (400, 1200, 0.02)])
def test_a_logo_is_nearer_to_its_drawing_than_by_lanczos(side: int, large: int, most: float) -> None:
    small, truth = logo(side), logo(large)
    smooth = np.asarray(Image.fromarray(small).resize((large, large), Image.Resampling.LANCZOS))
    off = _off(_enlarged(small, (large, large)), truth)
    assert off <= most
    assert off < 0.6 * _off(smooth, truth)


def test_areas_have_exactly_the_inks_and_edges_are_one_pixel_wide() -> None:
    made = _enlarged(logo(200), (1000, 1000))
    opaque = made[made[..., 3] == 255][:, :3]
    exact = (opaque[:, None] == np.array(INKS)).all(2).any(1)
    assert exact.mean() > 0.9
    alpha = made[500, :500, 3]  # a cut through the outline of the badge
    assert np.count_nonzero((alpha > 0) & (alpha < 255)) <= 2


def test_bands_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _enlarged(logo(150), (600, 600))
    monkeypatch.setattr(bands, "_PIXELS", 600 * 37)
    assert _off(_enlarged(logo(150), (600, 600)), whole) == 0


def test_no_gap_opens_where_three_areas_meet() -> None:
    rgba = np.full((60, 60, 4), (200, 30, 40, 255), np.uint8)
    rgba[30:, :30], rgba[30:, 30:] = (20, 60, 160, 255), (250, 220, 60, 255)
    assert (_enlarged(rgba, (480, 480))[..., 3] == 255).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (3, 400)])
def test_any_shape_is_enlarged(shape: tuple[int, int]) -> None:
    rgba = np.full((*shape, 4), (200, 30, 40, 255), np.uint8)
    made = _enlarged(rgba, (shape[1] * 3, shape[0] * 3))
    assert (made == (200, 30, 40, 255)).all()
