"""Outlines hold all ink, whatever the picture."""

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from shapely.geometry import Polygon

from services.worker.gang_sheet.outlines import outline
from tests.services.worker.gang_sheet.shapes import KINDS, drawn

DPI = 150
MM_PER_PX = 25.4 / DPI


def ink_outside(alpha: NDArray[np.uint8], shape: Polygon, mm_per_px: float) -> int:
    """Pixels with ink of which a corner lies outside the outline."""
    rows, columns = np.nonzero(alpha)
    outside = np.zeros(len(rows), bool)
    shapely.prepare(shape)
    for down, across in ((0, 0), (0, 1), (1, 0), (1, 1)):
        outside |= ~shapely.intersects_xy(shape.buffer(1e-6), (columns + across) * mm_per_px, (rows + down) * mm_per_px)
    return int(outside.sum())


@pytest.mark.parametrize("kind", KINDS)
def test_no_ink_lies_outside(kind: str) -> None:
    alpha = drawn(kind, 70, DPI, seed=3)[..., 3]
    shape = outline(alpha, MM_PER_PX)
    assert shape.is_valid
    assert not shape.interiors
    assert ink_outside(alpha, shape, MM_PER_PX) == 0


def test_an_outline_of_a_solid_design_is_little_larger_than_its_ink() -> None:
    for kind, most in (("disc", 1.03), ("star", 1.08), ("crescent", 1.07)):
        alpha = drawn(kind, 150, DPI)[..., 3]
        ink_mm2 = np.count_nonzero(alpha) * MM_PER_PX**2
        assert outline(alpha, MM_PER_PX).area < most * ink_mm2, kind


def test_islands_become_one_outline_which_is_no_box() -> None:
    alpha = drawn("islands", 120, DPI, seed=1)[..., 3]
    shape = outline(alpha, MM_PER_PX)
    assert isinstance(shape, Polygon)
    assert shape.area < 0.8 * alpha.size * MM_PER_PX**2


@pytest.mark.parametrize(
    ("name", "alpha", "mm_per_px"),
    [
        ("one pixel", np.full((1, 1), 1, np.uint8), 25.4 / 300),
        ("one huge pixel", np.full((1, 1), 255, np.uint8), 500.0),
        ("a line", np.full((1, 4000), 255, np.uint8), 25.4 / 300),
        ("full", np.full((900, 700), 255, np.uint8), MM_PER_PX),
        ("noise", np.random.default_rng(1).integers(0, 256, (900, 700), np.uint8), MM_PER_PX),
        ("rare noise", (np.random.default_rng(2).random((1500, 1500)) > 0.9999).astype(np.uint8), MM_PER_PX),
        ("checks", np.kron(np.indices((60, 60)).sum(0) % 2, np.ones((60, 60))).astype(np.uint8), MM_PER_PX),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_odd_pictures_have_a_simple_outline(name: str, alpha: NDArray[np.uint8], mm_per_px: float) -> None:
    shape = outline(alpha, mm_per_px)
    assert shape.is_valid
    assert len(shape.exterior.coords) <= 201
    assert ink_outside(alpha, shape, mm_per_px) == 0


def test_a_diagonal_hair_is_held() -> None:
    image = Image.new("L", (1200, 900))
    ImageDraw.Draw(image).line((3, 5, 1190, 880), 9, 1)
    alpha = np.asarray(image)
    assert ink_outside(alpha, outline(alpha, MM_PER_PX), MM_PER_PX) == 0


def test_a_picture_without_ink_is_refused() -> None:
    with pytest.raises(ValueError, match="no ink"):
        outline(np.zeros((40, 30), np.uint8), MM_PER_PX)
