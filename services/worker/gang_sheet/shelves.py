"""Rows of rectangles: an answer in milliseconds, and what true-shape nesting is compared with."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.worker.gang_sheet.geometry import ROUNDING_MM, Shape, on_pixels
from shared.models.gang_sheet import Film, Placement


class DoesNotFit(ValueError):
    """A design is larger than a sheet, however it is turned; `item` is its index."""

    def __init__(self, item: int) -> None:
        super().__init__(f"item {item} does not fit")
        self.item = item


class _Box(NamedTuple):
    """A turned outline's box, and where it begins in the turned picture."""

    height: float
    width: float
    quarters: int
    left: float
    top: float


@dataclass(slots=True)
class _Shelf:
    sheet: int
    top: float
    height: float
    free: float  # where the next box begins


@dataclass(slots=True)
class _Sheets:
    """Shelves from top to bottom of each sheet; a box goes onto the first shelf with room."""

    film: Film
    shelves: list[_Shelf] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)  # of each sheet: where its next shelf begins

    def shelf_for(self, box: _Box) -> _Shelf:
        right = self.film.width_mm - self.film.margin_mm
        for shelf in self.shelves:
            if box.height <= shelf.height and shelf.free + box.width <= right:
                return shelf
        return self._new_shelf(box.height)

    def _new_shelf(self, height: float) -> _Shelf:
        bottom = self.film.max_length_mm - self.film.margin_mm
        sheet = next((at for at, end in enumerate(self.ends) if end + height <= bottom), len(self.ends))
        if sheet == len(self.ends):
            self.ends.append(self.film.margin_mm)
        shelf = _Shelf(sheet, self.ends[sheet], height, self.film.margin_mm)
        self.ends[sheet] += height + self.film.gap_mm + ROUNDING_MM
        self.shelves.append(shelf)
        return shelf


def lay(shapes: Sequence[Shape], film: Film) -> list[Placement]:
    """Lay down every copy, tallest first. Raises DoesNotFit."""
    boxes = [(fitting(shape, film, item), item) for item, shape in enumerate(shapes) for _ in range(shape.copies)]
    sheets, placements = _Sheets(film), []
    for box, item in sorted(boxes, key=lambda entry: (-entry[0].height, -entry[0].width, entry[1])):
        shelf = sheets.shelf_for(box)
        x, y = on_pixels(shelf.free - box.left, shelf.top - box.top)
        placements.append(Placement(item, shelf.sheet, x, y, box.quarters))
        shelf.free += box.width + film.gap_mm + ROUNDING_MM
    return placements


def fitting(shape: Shape, film: Film, item: int) -> _Box:
    """The lowest box of the shape that a sheet has room for. Raises DoesNotFit."""
    boxes = []
    for quarters in shape.turns:
        left, top, right, bottom = shape.turned(quarters).bounds
        boxes.append(_Box(bottom - top, right - left, quarters, left, top))
    room = film.width_mm - 2 * film.margin_mm, film.max_length_mm - 2 * film.margin_mm
    fit = [box for box in boxes if box.width <= room[0] and box.height <= room[1]]
    if not fit:
        raise DoesNotFit(item)
    return min(fit)
