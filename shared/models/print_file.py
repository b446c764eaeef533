"""Print files: what a printer asks for, and the files that were made."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from shared.models import stored_input

MM_PER_INCH = 25.4
MAX_PIXELS = 50_000_000
MAX_SIDE_MM = 5080  # the longest page of a PDF, 14,400 points


class Underbase(StrEnum):
    """White ink below the artwork. PLATE: as a picture of its own. SPOT: as a spot colour inside the file."""

    NONE = "none"
    PLATE = "plate"
    SPOT = "spot"


class PrintFormat(StrEnum):
    PNG = "png"
    TIFF = "tiff"
    PDF = "pdf"


class Space(StrEnum):
    SRGB = "srgb"
    CMYK = "cmyk"


@dataclass(frozen=True, slots=True)
class PrintFileInput:
    """`width_mm` is the width of the ink. The file ends where the ink ends, once that is turned clockwise.

    `rotation_mdeg`: thousandths of a degree, about the middle of the ink's box. `profile`: SHA-256 of the ICC profile
    that leads to CMYK; None: the project's own. `halftone_lpi`: lines per inch of the dots that fades become; None:
    they stay fades. `spot`: the name of the white ink in the file. Raises ValueError for choices that exclude each
    other.
    """

    width_mm: float
    rotation_mdeg: int = 0
    dpi: int = 300
    underbase: Underbase = Underbase.NONE
    choke_mm: float = 0.17
    format: PrintFormat = PrintFormat.PNG
    space: Space = Space.SRGB
    profile: str | None = None
    mirror: bool = False
    halftone_lpi: float | None = None
    halftone_angle: float = 22.5
    spot: str = "White"

    def __post_init__(self) -> None:
        spot = self.underbase is Underbase.SPOT
        if self.format is PrintFormat.PNG and self.space is Space.CMYK:
            raise ValueError("a PNG holds no CMYK: ask for tiff or pdf")
        if self.format is PrintFormat.PNG and spot:
            raise ValueError("a PNG holds no spot colour: ask for tiff or pdf, or for the underbase as a plate")
        if self.format is PrintFormat.TIFF and spot and self.space is Space.SRGB:
            raise ValueError("a TIFF with a spot colour is CMYK: ask for space=cmyk, or for pdf")
        if self.profile and self.space is Space.SRGB:
            raise ValueError("a profile is for space=cmyk")

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read `jobs.input`. Raises ValueError for a value or a field that this release does not know."""
        stored_input.require_known(stored, stored_input.names_of(cls))
        stored_input.require_finite(value for value in stored.values() if isinstance(value, float))
        return cls(**{name: _READ.get(name, _same)(value) for name, value in stored.items()})

    def json(self) -> dict[str, Any]:
        """The width, and what differs from the defaults and has an effect."""
        without_effect = {
            "choke_mm": self.underbase is Underbase.NONE,
            "halftone_angle": self.halftone_lpi is None,
            "spot": self.underbase is not Underbase.SPOT,
        }
        return {name: value for name, value in stored_input.chosen(self).items() if not without_effect.get(name)}

    def size(self, ink: tuple[int, int]) -> tuple[int, int] | None:
        """Pixels of the file for ink of this width and height in pixels; None if that is too large."""
        scale = self.width_mm * self.dpi / MM_PER_INCH / ink[0]
        width, height = (max(1, round(side * scale)) for side in ink)
        return (width, height) if self.is_possible((width, height)) else None

    def turned_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Pixels of the box around a file of this size that is turned as asked."""
        turn = math.radians(self.rotation_mdeg / 1000)
        cos, sin = abs(math.cos(turn)), abs(math.sin(turn))
        width, height = size
        return round(width * cos + height * sin), round(width * sin + height * cos)

    def is_possible(self, size: tuple[int, int]) -> bool:
        """Whether a file may be so large."""
        width, height = size
        longest = max(size) * MM_PER_INCH / self.dpi
        return width * height <= MAX_PIXELS and longest <= MAX_SIDE_MM


def _same(value: Any) -> Any:
    return value


_READ: Mapping[str, Callable[[Any], Any]] = {"underbase": Underbase, "format": PrintFormat, "space": Space}


@dataclass(frozen=True, slots=True)
class PrintFileResult:
    """The file, and the plate if one was asked for. Sizes in mm are those that the files state.

    `left_mm` and `top_mm` lead from the corner of the ink's box, before it was turned, to the file's.
    """

    asset_id: UUID
    key: str
    width: int
    height: int
    width_mm: float
    height_mm: float
    bytes: int
    plate_id: UUID | None = None
    plate_key: str | None = None
    plate_bytes: int = 0
    left_mm: float = 0
    top_mm: float = 0

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read `jobs.result`."""
        plate = stored.get("plate_id")
        return cls(**{**stored, "asset_id": UUID(stored["asset_id"]), "plate_id": UUID(plate) if plate else None})

    def json(self) -> dict[str, Any]:
        texts = {"asset_id": str(self.asset_id), "plate_id": str(self.plate_id) if self.plate_id else None}
        return {name: value for name, value in {**asdict(self), **texts}.items() if value}
