"""Curves, outlines and seams."""

import numpy as np
import pytest

from services.worker.mockups.garments import shapes

BOX = np.array([(100, 100), (300, 100), (300, 200), (100, 200)], float)


def test_a_curve_runs_from_its_first_point_to_its_last() -> None:
    points = shapes.curve((0, 0), (50, 100), (100, 0), steps=11)
    assert points[0].tolist() == [0, 0]
    assert points[5].tolist() == [50, 50]
    assert points[-1].tolist() == [100, 0]


def test_an_area_has_the_size_of_its_outline() -> None:
    assert shapes.area(BOX).sum() == pytest.approx(200 * 100, rel=0.01)


def test_an_outline_of_both_halves_is_symmetric() -> None:
    outline = shapes.area(shapes.both((600, 100), (400, 200), (300, 500), (600, 600)))
    assert np.abs(outline - outline[:, ::-1]).mean() < 0.002


def test_a_seam_is_as_wide_as_asked() -> None:
    seam = shapes.line(np.array([(100, 500), (1100, 500)], float), 6)
    assert seam[:, 600].sum() == pytest.approx(6, abs=0.6)


def test_a_band_has_straight_ends() -> None:
    band = shapes.band(np.array([(100, 500), (300, 500), (500, 500)], float), 40)
    assert band.sum() == pytest.approx(400 * 40, rel=0.02)


def test_stitches_leave_gaps() -> None:
    path = np.array([(100, 500), (900, 500)], float)
    thread = shapes.stitches(path, width=2, dash=6, gap=6)
    assert 0.4 < thread.sum() / shapes.line(path, 2).sum() < 0.8


def test_an_offset_path_keeps_its_distance() -> None:
    angle = np.linspace(0, np.pi, 200)
    circle = np.column_stack([np.cos(angle), np.sin(angle)]) * 100
    assert np.hypot(*shapes.offset(circle, 20).T)[5:-5] == pytest.approx(80, abs=0.1)
