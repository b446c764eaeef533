"""Millimetres on the garment to fractions of the design."""

import numpy as np
import pytest

from services.worker.mockups.placement import Placement, on_design, size_mm
from shared import errors

AREA = (300.0, 400.0)


@pytest.mark.parametrize("name", ["width_mm", "dx_mm", "dy_mm", "rotate"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 1001.0, -1001.0])
def test_numbers_out_of_bounds_are_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(errors.InvalidRequest, match=name):
        Placement(**{name: value})


def test_a_width_under_a_millimetre_is_refused() -> None:
    with pytest.raises(errors.InvalidRequest):
        Placement(width_mm=0)


def test_a_design_without_a_width_fills_the_area() -> None:
    assert size_mm((600, 600), AREA, Placement()) == pytest.approx((300, 300))
    assert size_mm((100, 400), AREA, Placement()) == pytest.approx((100, 400))


def test_a_turned_design_without_a_width_fills_the_area_as_well() -> None:
    width, height = size_mm((400, 100), AREA, Placement(rotate=90))
    assert (width, height) == pytest.approx((400, 100))
    assert size_mm((100, 100), AREA, Placement(rotate=45))[0] == pytest.approx(300 / 2**0.5)


def test_a_given_width_keeps_the_proportions() -> None:
    assert size_mm((200, 100), AREA, Placement(width_mm=50)) == (50, 25)


def test_corners_of_the_print_are_corners_of_the_design() -> None:
    corners = np.array([[-50, -25], [50, -25], [50, 25]], np.float32)
    assert np.allclose(on_design(corners, Placement(), (100, 50)), [[0, 0], [1, 0], [1, 1]])


def test_a_move_and_a_turn_lead_from_the_middle_of_the_area() -> None:
    place = Placement(dx_mm=10, dy_mm=-20, rotate=90)
    assert np.allclose(on_design(np.array([[10, -20]], np.float32), place, (100, 50)), [[0.5, 0.5]])
    # turned clockwise, the design's right end lies below
    assert np.allclose(on_design(np.array([[10, 30]], np.float32), place, (100, 50)), [[1, 0.5]], atol=1e-6)
