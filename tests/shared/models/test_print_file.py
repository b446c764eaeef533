"""Print files: choices and results survive being stored, and choices that exclude each other are refused."""

import math
import uuid
from typing import Any

import pytest

from shared.models.print_file import PrintFileInput, PrintFileResult, PrintFormat, Space, Underbase

EVERYTHING = PrintFileInput(
    width_mm=120,
    rotation_mdeg=359_999,
    dpi=600,
    underbase=Underbase.SPOT,
    choke_mm=0.3,
    format=PrintFormat.TIFF,
    space=Space.CMYK,
    profile="ab" * 32,
    mirror=True,
    halftone_lpi=45,
    halftone_angle=15,
    spot="RDG_WHITE",
)


@pytest.mark.parametrize("asked", [EVERYTHING, PrintFileInput(width_mm=5.5)])
def test_choices_survive_being_stored(asked: PrintFileInput) -> None:
    assert PrintFileInput.read(asked.json()) == asked


def test_only_what_has_an_effect_is_stored() -> None:
    assert PrintFileInput(width_mm=100, choke_mm=1, halftone_angle=45).json() == {"width_mm": 100}
    assert PrintFileInput(width_mm=100, choke_mm=1, underbase=Underbase.PLATE).json().keys() == {
        *("width_mm", "choke_mm", "underbase")
    }


@pytest.mark.parametrize(
    "stored", [{}, {"width_mm": math.inf}, {"width_mm": 1, "colour": 1}, {"width_mm": 1, "format": "gif"}]
)
def test_input_of_another_release_is_refused(stored: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        PrintFileInput.read(stored)


@pytest.mark.parametrize(
    "choices",
    [
        {"space": Space.CMYK},
        {"underbase": Underbase.SPOT},
        {"underbase": Underbase.SPOT, "format": PrintFormat.TIFF},
        {"profile": "ab" * 32, "format": PrintFormat.PDF},
    ],
)
def test_choices_that_exclude_each_other_are_refused_with_the_way_out(choices: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"cmyk|CMYK|spot"):
        PrintFileInput(width_mm=100, **choices)


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        (PrintFileInput(width_mm=254), (3000, 1500)),
        (PrintFileInput(width_mm=0.001), (1, 1)),
        (PrintFileInput(width_mm=846.66), (10000, 5000)),
        (PrintFileInput(width_mm=846.8), None),  # 50 megapixels and a few
        (PrintFileInput(width_mm=5080, dpi=30), (6000, 3000)),
        (PrintFileInput(width_mm=5090, dpi=30), None),
    ],
)
def test_sizes_end_at_50_megapixels_and_5_metres(asked: PrintFileInput, size: tuple[int, int] | None) -> None:
    assert asked.size((200, 100)) == size


@pytest.mark.parametrize(
    ("degrees", "size"), [(0, (300, 200)), (90, (200, 300)), (180, (300, 200)), (45, (354, 354)), (330, (360, 323))]
)
def test_the_box_around_a_turned_file_has_room_for_it(degrees: int, size: tuple[int, int]) -> None:
    assert PrintFileInput(width_mm=10, rotation_mdeg=1000 * degrees).turned_size((300, 200)) == size


@pytest.mark.parametrize(
    "facts", [{}, {"plate_id": uuid.uuid4(), "plate_key": "k.png", "plate_bytes": 7}, {"left_mm": -1.5, "top_mm": 2}]
)
def test_results_survive_being_stored(facts: dict[str, Any]) -> None:
    result = PrintFileResult(uuid.uuid4(), "key.pdf", 100, 50, 8.47, 4.23, 1234, **facts)
    assert PrintFileResult.read(result.json()) == result
