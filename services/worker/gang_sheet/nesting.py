"""True-shape nesting by spyrrow, sheet by sheet. Run by `__main__` in a child process.

spyrrow packs one strip of fixed height and free length, along x; ours has a fixed width, and runs along y. So the strip
is turned by a quarter, (x, y) -> (height - y, x): swapping the axes instead would mirror the pictures.

How many pieces a sheet takes is guessed from their area, with the same mix on every sheet; if they come out too long,
the guess is lowered. Quarter turns only, so that pixels are copied and never resampled: free angles save nothing more.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import spyrrow

from services.worker.gang_sheet.geometry import ROUNDING_MM, Shape, on_pixels
from shared.models.gang_sheet import Film, Placement

_DENSITY = 0.70  # of the first guess: a higher one costs more in second tries than it saves
_STRICTER = 0.995  # a guess that failed is lowered a little more than in proportion
_LEAST_S = 2  # of one strip; the nester finds nothing in less


class GaveUp(Exception):
    """No result within the time, or one design fills more than a sheet by area."""


@dataclass(frozen=True, slots=True)
class _Budget:
    """Seconds for all pieces together, shared by area, and a moment by which all is over."""

    seconds: float
    area: float
    until: float

    def share(self, area: float) -> int:
        if time.monotonic() > self.until:
            raise GaveUp("late")
        return max(_LEAST_S, round(self.seconds * area / self.area))


def nest(shapes: Sequence[Shape], film: Film, seconds: float, within_s: float) -> list[Placement]:
    """Lay down every copy, on as many sheets as it takes. Raises GaveUp, or pyo3's PanicException (a BaseException).

    `seconds` is the time for searching, which a second try exceeds; no search begins after `within_s`.
    """
    left = [shape.copies for shape in shapes]
    budget = _Budget(seconds, _area(shapes, left), time.monotonic() + within_s)
    placements, sheet, density = list[Placement](), 0, _DENSITY
    while any(left):
        chosen = _chosen(shapes, left, _room(film) * density)
        if not any(chosen):
            raise GaveUp("no piece fits the guess")
        length, placed = _strip(shapes, chosen, film, budget.share(_area(shapes, chosen)))
        if length > film.max_length_mm:
            density *= film.max_length_mm / length * _STRICTER
            continue
        placements += [replace(placement, sheet=sheet) for placement in placed]
        left = [copies - taken for copies, taken in zip(left, chosen, strict=True)]
        sheet += 1
    return placements


def _room(film: Film) -> float:
    return (film.width_mm - 2 * film.margin_mm) * (film.max_length_mm - 2 * film.margin_mm)


def _area(shapes: Sequence[Shape], copies: Sequence[int]) -> float:
    return math.fsum(shape.outline.area * count for shape, count in zip(shapes, copies, strict=True))


def _chosen(shapes: Sequence[Shape], left: Sequence[int], room: float) -> list[int]:
    """How many copies of each go onto the next sheet: the same share of all, then the largest that still fit."""
    share = min(1.0, room / _area(shapes, left))
    chosen = [math.floor(copies * share + 1e-9) for copies in left]
    free = room - _area(shapes, chosen)
    for item in sorted(range(len(shapes)), key=lambda at: -shapes[at].outline.area):
        more = min(left[item] - chosen[item], max(0, math.floor(free / shapes[item].outline.area)))
        chosen[item] += more
        free -= more * shapes[item].outline.area
    return chosen


def _strip(shapes: Sequence[Shape], chosen: Sequence[int], film: Film, seconds: int) -> tuple[float, list[Placement]]:
    """One sheet without an end: its length, and what lies where. spyrrow keeps the gap to the strip's border too."""
    gap = film.gap_mm + ROUNDING_MM
    height = film.width_mm - 2 * film.margin_mm + 2 * gap
    items = [
        spyrrow.Item(str(item), list(shapes[item].outline.exterior.coords)[:-1], copies, _angles(shapes[item].turns))
        for item, copies in enumerate(chosen)
        if copies
    ]
    config = spyrrow.StripPackingConfig(total_computation_time=seconds, num_workers=1, seed=1, min_items_separation=gap)
    solution = spyrrow.StripPackingInstance("sheet", height, items).solve(config)
    shift = film.margin_mm - gap
    placements = []
    for placed in solution.placed_items:
        item, quarters = int(placed.id), round(placed.rotation / 90 + 1) % 4
        x, y = shapes[item].corner(quarters)
        at = on_pixels(height - placed.translation[1] + x + shift, placed.translation[0] + y + shift)
        placements.append(Placement(item, 0, *at, quarters))
    return solution.width - 2 * gap + 2 * film.margin_mm, placements


def _angles(turns: Sequence[int]) -> list[float]:
    return [(turn * 90.0 - 90.0) % 360 for turn in turns]
