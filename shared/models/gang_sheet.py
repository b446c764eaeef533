"""Gang sheets: copies of many designs on as few millimetres of film as possible, and what a job of this type leaves.

Millimetres from the top left corner of the film, x across it, y along it. The placements are the result that counts: a
reprint or another format is made of them, as no second run of the nester gives the same.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from shared.models import stored_input

DPI = 300
MM_PER_INCH = 25.4


class Effort(StrEnum):
    """INSTANT: rows of rectangles. TIGHT: nested by the true outlines, for some seconds."""

    INSTANT = "instant"
    TIGHT = "tight"


class SheetFormat(StrEnum):
    PNG = "png"
    TIFF = "tiff"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class Film:
    """A sheet's width, its greatest length, the free border and the least distance between designs, in mm."""

    width_mm: float
    max_length_mm: float
    margin_mm: float = 5.0
    gap_mm: float = 5.0


@dataclass(frozen=True, slots=True)
class Item:
    """One design: the width of its ink, how often it is printed, and whether it may be turned by quarters."""

    asset_id: UUID
    width_mm: float
    copies: int = 1
    rotate: bool = True

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**{**stored, "asset_id": UUID(stored["asset_id"])})

    def json(self) -> dict[str, Any]:
        return {**asdict(self), "asset_id": str(self.asset_id)}


@dataclass(frozen=True, slots=True)
class Placement:
    """A copy of an item (its index) on a sheet (from 0): the top left corner of its turned picture.

    `quarters`: turns by 90 degrees clockwise.
    """

    item: int
    sheet: int
    x_mm: float
    y_mm: float
    quarters: int = 0

    @classmethod
    def read(cls, stored: list[Any]) -> Self:
        return cls(*stored)

    def json(self) -> list[Any]:
        """A list, as there may be a thousand of them in a row."""
        return [self.item, self.sheet, self.x_mm, self.y_mm, self.quarters]


@dataclass(frozen=True, slots=True)
class GangSheetInput:
    """What a caller asked for. `placements`: where everything lies, for another file of a sheet that was nested before.

    `labels`: each copy has its number and width below it. `underbase`: white ink under the designs, which the files
    name `spot`. `cents_per_m`: what a metre of film cost when the job was created; 0 for no price.
    """

    film: Film
    items: tuple[Item, ...]
    effort: Effort = Effort.TIGHT
    formats: tuple[SheetFormat, ...] = (SheetFormat.PNG,)
    labels: bool = False
    underbase: bool = False
    spot: str = "White"
    cents_per_m: int = 0
    placements: tuple[Placement, ...] = ()

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read `jobs.input`. Raises ValueError or TypeError for what this release does not know."""
        plain = {name: stored[name] for name in ("labels", "underbase", "spot", "cents_per_m") if name in stored}
        stored_input.require_known(stored, stored_input.names_of(cls))
        return cls(
            film=Film(**stored["film"]),
            items=tuple(map(Item.read, stored["items"])),
            effort=Effort(stored.get("effort", Effort.TIGHT)),
            formats=tuple(map(SheetFormat, stored.get("formats", [SheetFormat.PNG]))),
            placements=tuple(map(Placement.read, stored.get("placements", ()))),
            **plain,
        )

    def json(self) -> dict[str, Any]:
        """What differs from the defaults, so that rows stay equal when options are added."""
        whole: dict[str, Any] = {
            "film": asdict(self.film),
            "items": [item.json() for item in self.items],
            "effort": self.effort.value,
            "formats": [one.value for one in self.formats],
            "labels": self.labels,
            "underbase": self.underbase,
            "spot": self.spot,
            "cents_per_m": self.cents_per_m,
            "placements": [placement.json() for placement in self.placements],
        }
        return {name: value for name, value in whole.items() if name not in _DEFAULTS or value != _DEFAULTS[name]}


_DEFAULTS: Mapping[str, Any] = {
    "effort": "tight",
    "formats": ["png"],
    "labels": False,
    "underbase": False,
    "spot": "White",
    "cents_per_m": 0,
    "placements": [],
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet as printed: its length, and the keys of its preview, its files by format, and its white plate.

    The plate is a file of its own beside PNG and TIFF, which are RGBA.
    """

    length_mm: float
    preview_key: str
    files: Mapping[SheetFormat, str]
    plate_key: str | None = None

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**{**stored, "files": {SheetFormat(name): key for name, key in stored["files"].items()}})

    def keys(self, kind: SheetFormat) -> list[str]:
        """Of all that is shown beside the file of this format, and of that."""
        plate = [self.plate_key] if self.plate_key and kind is not SheetFormat.PDF else []
        return [self.files[kind], self.preview_key, *plate]


@dataclass(frozen=True, slots=True)
class GangSheetResult:
    """What a finished job leaves. `asset_id` is its first file; `saved` the share of film that nesting saves.

    That is compared with rows of rectangles.
    """

    asset_id: UUID
    sheets: tuple[Sheet, ...]
    placements: tuple[Placement, ...]
    length_mm: float
    saved: float = 0.0
    price_cents: int | None = None

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read `jobs.result`."""
        sheets = tuple(map(Sheet.read, stored["sheets"]))
        placements = tuple(map(Placement.read, stored["placements"]))
        read = {"asset_id": UUID(stored["asset_id"]), "sheets": sheets, "placements": placements}
        return cls(**{**stored, **read})

    def json(self) -> dict[str, Any]:
        placements = [placement.json() for placement in self.placements]
        return {**asdict(self), "asset_id": str(self.asset_id), "placements": placements}


def price_cents(length_mm: float, cents_per_m: int) -> int | None:
    """The price of so much film, rounded up to a cent; None without a price per metre."""
    micrometres = round(length_mm * 1000)
    return -(-micrometres * cents_per_m // 1_000_000) if cents_per_m else None


def pixels(mm: float) -> int:
    """The nearest number of pixels at DPI."""
    return round(mm / MM_PER_INCH * DPI)


def millimetres(pixels: int) -> float:
    """A length in pixels at DPI, to a tenth of a micrometre: `pixels` gives the same number back."""
    return round(pixels * MM_PER_INCH / DPI, 4)
