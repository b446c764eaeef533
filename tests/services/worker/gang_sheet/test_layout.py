"""Layouts: nothing overlaps, nothing leaves the film, and a nester that fails costs film, not the job."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import shapely
from shapely.geometry import Polygon

from services.worker.gang_sheet import layout, proof, shelves
from services.worker.gang_sheet.geometry import Shape, laid
from shared.models.gang_sheet import Effort, Film, Placement

FILM = Film(300, 400, 5, 5)
QUARTERS = (0, 1, 2, 3)


def triangle(width: float, height: float, copies: int, turns: tuple[int, ...] = QUARTERS) -> Shape:
    return Shape(Polygon([(0, 0), (width, height), (0, height)]), width, height, copies, turns)


def ell(side: float, copies: int) -> Shape:
    arm = side / 4
    corners = [(0, 0), (arm, 0), (arm, side - arm), (side, side - arm), (side, side), (0, side)]
    return Shape(Polygon(corners), side, side, copies, QUARTERS)


SHAPES = [triangle(120, 90, 6), ell(110, 6)]


@pytest.fixture
def nester(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Replace the child by a program of these lines."""

    def replace(program: str) -> None:
        (tmp_path / "services/worker").mkdir(parents=True)
        for package in ("services", "services/worker"):
            (tmp_path / package / "__init__.py").touch()
        (tmp_path / "services/worker/gang_sheet.py").write_text(program)
        monkeypatch.setattr(layout, "_ROOT", tmp_path)

    return replace


@pytest.mark.parametrize("quarters", QUARTERS)
def test_a_turned_outline_lies_in_its_turned_picture(quarters: int) -> None:
    turned = triangle(120, 90, 1).turned(quarters)
    size = (120, 90) if quarters % 2 == 0 else (90, 120)
    assert turned.bounds == (0, 0, *size)


def test_a_quarter_turns_clockwise() -> None:
    turned = triangle(120, 90, 1).turned(1)
    assert turned.equals(Polygon([(90, 0), (0, 120), (0, 0)]))  # the right angle, lower left before, is upper left


def test_rows_hold_every_copy_on_as_many_sheets_as_needed() -> None:
    placements = shelves.lay(SHAPES, FILM)
    assert proof.problems(SHAPES, placements, FILM) == []
    assert {placement.sheet for placement in placements} == {0, 1}


def test_nesting_by_outlines_saves_film_and_passes_the_proof() -> None:
    film = Film(300, 2000, 5, 5)
    found = layout.arrange(SHAPES, film, Effort.TIGHT)
    assert proof.problems(SHAPES, found.placements, film) == []
    assert found.saved > 0.15


def test_nested_pieces_share_sheets_of_a_greatest_length() -> None:
    found = layout.arrange(SHAPES, FILM, Effort.TIGHT)
    assert proof.problems(SHAPES, found.placements, FILM) == []
    assert all(length <= FILM.max_length_mm for length in found.lengths)


def test_a_margin_may_be_smaller_or_larger_than_the_gap() -> None:
    for margin, gap in ((0, 8), (20, 0), (12, 3)):
        film = Film(300, 2000, margin, gap)
        found = layout.arrange(SHAPES, film, Effort.TIGHT)
        assert proof.problems(SHAPES, found.placements, film) == []
        assert found.saved > 0, (margin, gap)


def test_designs_that_may_not_be_turned_are_not() -> None:
    shapes = [triangle(120, 90, 5, (0,)), ell(110, 4)]
    found = layout.arrange(shapes, Film(300, 2000, 5, 5), Effort.TIGHT)
    assert found.saved > 0
    assert {placement.quarters for placement in found.placements if placement.item == 0} == {0}


def test_a_design_larger_than_a_sheet_is_named() -> None:
    with pytest.raises(shelves.DoesNotFit) as refused:
        layout.arrange([ell(50, 1), triangle(500, 395, 1)], FILM, Effort.TIGHT)
    assert refused.value.item == 1


def test_a_design_that_fits_only_turned_is_turned() -> None:
    (placement,) = layout.arrange([triangle(380, 90, 1)], FILM, Effort.INSTANT).placements
    assert placement.quarters % 2 == 1


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("import os; os.abort()", id="crash"),
        pytest.param("class Panic(BaseException): pass\nraise Panic", id="panic"),
        pytest.param("print('[[0, 0, 0.0, 0.0, 0]]')", id="lost copies"),
        pytest.param("print('no json')", id="nonsense"),
        pytest.param("print('7')", id="another type"),
        pytest.param("import time; time.sleep(60)", id="hang"),
    ],
)
def test_a_nester_that_fails_leaves_rows_of_rectangles(
    nester: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    nester(program)
    monkeypatch.setattr(layout, "_MORE_S", -5)
    found = layout.arrange(SHAPES, FILM, Effort.TIGHT)
    assert found.placements == tuple(shelves.lay(SHAPES, FILM))
    assert found.saved == 0


def test_the_child_ends_by_itself_when_its_worker_is_gone() -> None:
    corners = [(0, 0), (30, 0), (30, 31), (0, 31)]
    squares = [{"outline": corners, "width": 30, "height": 31, "copies": 50, "turns": [0, 1]}]
    film = {"width_mm": 199, "max_length_mm": 3000}
    asked = json.dumps({"within_s": 4, "seconds": 60, "film": film, "shapes": squares})
    command = [sys.executable, "-m", "services.worker.gang_sheet"]
    done = subprocess.run(command, input=asked.encode(), env={}, timeout=30, check=False)
    assert done.returncode == -signal.SIGALRM


def test_the_proof_finds_what_is_wrong() -> None:
    shapes = [Shape(shapely.box(0, 0, 50, 50), 50, 50, 2, (0,))]
    near = [Placement(0, 0, 5, 5), Placement(0, 0, 59.9, 5)]
    assert "apart" in proof.problems(shapes, near, FILM)[0]
    over = [Placement(0, 0, 4, 5), Placement(0, 0, 100, 5)]
    assert "over the edge" in proof.problems(shapes, over, FILM)[0]
    assert "1 of 2 copies" in proof.problems(shapes, near[:1], FILM)[0]
    assert proof.problems(shapes, [near[0], Placement(0, 0, 60, 5)], FILM) == []


def test_laying_down_moves_the_turned_picture() -> None:
    assert laid([triangle(120, 90, 1)], Placement(0, 0, 10, 20, 1)).bounds == (10, 20, 100, 140)
