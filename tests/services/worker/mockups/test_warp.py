"""Warping a flat picture between nodes."""

import numpy as np
import pytest
from PIL import Image

from services.worker.mockups.warp import STEP, warped


def _nodes(rows: int, columns: int) -> np.ndarray:
    y, x = np.mgrid[0 : rows + 1, 0 : columns + 1].astype(np.float32)
    return np.stack([x / columns, y / rows], axis=2)


def test_a_flat_warp_shows_the_picture_as_it_is() -> None:
    rough = np.random.default_rng(0).integers(0, 256, (3 * STEP, 5 * STEP), dtype=np.uint8)
    assert np.abs(np.asarray(warped(Image.fromarray(rough), _nodes(3, 5))).astype(int) - rough).max() <= 1


def test_what_lies_outside_the_picture_is_clear() -> None:
    at = _nodes(4, 4) * 2 - 0.5  # the picture fills the middle half
    window = np.asarray(warped(Image.new("L", (32, 32), 255), at))
    assert window[STEP:-STEP, STEP:-STEP].mean() > 250
    window = window.copy()
    window[STEP - 2 : 2 - STEP, STEP - 2 : 2 - STEP] = 0
    assert not window.any()


def test_a_warp_that_misses_the_picture_is_empty() -> None:
    assert warped(Image.new("RGBa", (8, 8), (9, 9, 9, 255)), _nodes(2, 2) + 5).getbbox() is None


def test_the_edge_of_a_design_is_smooth() -> None:
    at = _nodes(4, 4) * 4 - 1.5 + np.float32(0.5 / STEP)  # one box of nodes, moved by half a pixel
    row = np.asarray(warped(Image.new("L", (STEP, STEP), 255), at))[2 * STEP - 8]
    assert sorted(set(row.tolist())) == pytest.approx([0, 127.5, 255], abs=2)
