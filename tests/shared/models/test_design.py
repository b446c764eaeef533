"""Designs: the box around turned ink is exact, and what cannot be printed is known by its reason."""

from dataclasses import replace

import pytest

from shared.db import ids
from shared.models.design import Bounds, Placement, Problem
from shared.models.print_check import PrintCheckInput, PrintMethod
from shared.models.product import PrintArea

AREA = PrintArea("front", 300_000, 400_000, (PrintMethod.DTG, PrintMethod.DTF), "tshirt-front")
PLACED = Placement(
    name="front",
    asset_id=ids.new(),
    method=PrintMethod.DTG,
    left_um=50_000,
    top_um=20_000,
    width_um=200_000,
    ink_px=(800, 400),
    picture_key="a" * 64 + ".png",
    area=AREA,
)


@pytest.mark.parametrize(
    ("width_um", "ink_px", "height_um"),
    [(200_000, (800, 400), 100_000), (100_000, (3, 1), 33_333), (1000, (16_000, 1), 1)],
)
def test_the_height_follows_from_the_ink(width_um: int, ink_px: tuple[int, int], height_um: int) -> None:
    assert replace(PLACED, width_um=width_um, ink_px=ink_px).height_um == height_um


@pytest.mark.parametrize(
    ("degrees", "bounds"),
    [
        (0, Bounds(50_000, 20_000, 250_000, 120_000)),
        (90, Bounds(100_000, -30_000, 200_000, 170_000)),
        (180, Bounds(50_000, 20_000, 250_000, 120_000)),
        (270, Bounds(100_000, -30_000, 200_000, 170_000)),
        (45, Bounds(43_934, -36_066, 256_066, 176_066)),  # 300 mm over the root of two
        (30, Bounds(38_397, -23_301, 261_603, 163_301)),
    ],
)
def test_the_box_around_turned_ink_is_that_of_its_corners(degrees: int, bounds: Bounds) -> None:
    assert replace(PLACED, rotation_mdeg=1000 * degrees).bounds == bounds


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, None),
        ({"left_um": 0, "top_um": 0, "width_um": 300_000}, None),
        ({"left_um": 0, "top_um": 300_000, "width_um": 200_000}, None),
        ({"left_um": -2}, Problem.OUTSIDE_PRINT_AREA),
        ({"top_um": -2}, Problem.OUTSIDE_PRINT_AREA),
        ({"left_um": 100_002}, Problem.OUTSIDE_PRINT_AREA),
        ({"top_um": 300_002}, Problem.OUTSIDE_PRINT_AREA),
        ({"rotation_mdeg": 90_000}, Problem.OUTSIDE_PRINT_AREA),  # 30 mm over the upper border
        ({"rotation_mdeg": 90_000, "top_um": 50_000}, None),
        ({"rotation_mdeg": 45_000}, Problem.OUTSIDE_PRINT_AREA),
        ({"rotation_mdeg": 45_000, "top_um": 60_000}, None),
        ({"width_um": 300_000, "left_um": 0, "rotation_mdeg": 90_000, "top_um": 150_000}, None),  # turned it fits
        ({"method": PrintMethod.SCREEN}, Problem.NOT_OFFERED),
        ({"area": None}, Problem.NOT_OFFERED),
        ({"picture_key": None}, Problem.PICTURE_MISSING),
    ],
)
def test_what_cannot_be_printed_is_known_by_its_reason(changes: dict[str, object], problem: Problem | None) -> None:
    assert replace(PLACED, **changes).problem is problem  # type: ignore[arg-type]


def test_a_micrometre_is_rounding() -> None:
    assert replace(PLACED, left_um=-1).problem is None
    assert replace(PLACED, left_um=100_001).problem is None


def test_the_check_is_of_size_method_and_garment_wherever_the_ink_lies() -> None:
    checked = PLACED.print_check("1c1c1f")
    assert checked == PrintCheckInput(200.0, (28, 28, 31), PrintMethod.DTG, (5000, 5000))
    assert PrintCheckInput.read(checked.json()) == checked
    assert replace(PLACED, left_um=0, rotation_mdeg=10_000).print_check("1c1c1f") == checked
