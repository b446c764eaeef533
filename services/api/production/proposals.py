"""Gang sheets proposed for the prints that wait: which go together, and how much film they take."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from services.api.gang_sheets.schemas import MOST_COPIES, MOST_ITEMS
from shared.db.gang_sheet_prints import WaitingPrint

Items = list[list[WaitingPrint]]  # prints that show one picture at one width are one item


def proposed(waiting: Iterable[WaitingPrint], most_prints: int) -> list[Items]:
    """Sheets in the order in which the prints wait, each as full as a job may be."""
    sheets: list[Items] = []
    sheet: list[WaitingPrint] = []
    for one in waiting:
        fuller = [*sheet, one]
        copies = sum(other.copies for other in fuller)
        if sheet and (len(fuller) > most_prints or copies > MOST_COPIES or len(grouped(fuller)) > MOST_ITEMS):
            sheets.append(grouped(sheet))
            fuller = [one]
        sheet = fuller
    return [*sheets, grouped(sheet)] if sheet else sheets


def grouped(prints: Sequence[WaitingPrint]) -> Items:
    """The items of a sheet."""
    items: dict[tuple[UUID, int], list[WaitingPrint]] = {}
    for one in prints:
        items.setdefault((one.asset_id, one.width_um), []).append(one)
    return list(items.values())


def length_mm(items: Items, width_mm: float, gap_mm: float) -> float:
    """Film for all copies in straight rows, the highest first. A design wider than the film lies across it."""
    boxes = sorted(
        (_box(of_item[0], width_mm) for of_item in items for one in of_item for _ in range(one.copies)),
        key=lambda box: -box[1],
    )
    total, row_mm = gap_mm, width_mm
    for width, height in boxes:
        if row_mm + gap_mm + width > width_mm:
            total, row_mm = total + height + gap_mm, gap_mm
        row_mm += width + gap_mm
    return round(total, 1)


def _box(one: WaitingPrint, film_mm: float) -> tuple[float, float]:
    width, height = one.width_um / 1000, one.height_um / 1000
    return (width, height) if width <= film_mm else (height, width)
