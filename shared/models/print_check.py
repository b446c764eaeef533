"""Print checks: how a cut-out is to be printed, and what would go wrong."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Self
from uuid import UUID

from shared.models import stored_input

Colour = tuple[int, int, int]  # sRGB, 0 to 255
SHIRT_FRONT = (305.0, 406.0)  # mm: the front of a T-shirt, 12 x 16 in
USUAL_MM = 250.0  # the width of a print on the front of a T-shirt that nobody has chosen yet


class PrintMethod(StrEnum):
    """How ink gets onto the product."""

    DTG = "dtg"
    DTF = "dtf"
    SCREEN = "screen"
    STICKER = "sticker"


class Level(StrEnum):
    """`fail`: not to be printed as it is. `warn`: the customer decides."""

    WARN = "warn"
    FAIL = "fail"


class Code(StrEnum):
    """Stable names of what can be wrong."""

    EMPTY = "empty"
    DPI = "dpi"
    BOUNDS = "bounds"
    CROPPED = "cropped"
    SOFT_RIM = "soft_rim"
    SEMI = "semi"
    ISLANDS = "islands"
    PINHOLES = "pinholes"
    THIN = "thin"
    CONTAMINATION = "contamination"
    HALO = "halo"
    GAMUT = "gamut"
    VANISH = "vanish"
    BLACK_ON_UNDERBASE = "black_on_underbase"


class Box(NamedTuple):
    """Pixels of the picture, `right` and `bottom` excluded."""

    left: int
    top: int
    right: int
    bottom: int

    def grown(self, by: int, shape: tuple[int, ...]) -> "Box":
        """Larger on all sides, within a picture of this shape."""
        right, bottom = min(shape[1], self.right + by), min(shape[0], self.bottom + by)
        return Box(max(0, self.left - by), max(0, self.top - by), right, bottom)


@dataclass(frozen=True, slots=True)
class Finding:
    """`value` was measured and `limit` is allowed; `where` are up to eight boxes, the worst first."""

    code: Code
    level: Level
    value: float
    limit: float
    fix: str
    where: tuple[Box, ...]

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        named = {"code": Code(stored["code"]), "level": Level(stored["level"])}
        return cls(**{**stored, **named, "where": tuple(Box(*box) for box in stored["where"])})


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares are of the ink unless they say otherwise; lengths in mm are those of the print."""

    width_mm: float
    height_mm: float
    dpi: float
    over_mm: float  # outside the area that can be printed
    touches_border: bool  # of the picture
    uncertain: float
    semi_share: float
    semi_inner: float  # away from the outline
    rim_px: float
    rim_mm: float
    islands: int
    island_share: float
    pinholes: int
    thin_share: float
    thin_parts: int
    narrow_gaps: int
    contamination: float
    halo: float
    out_of_gamut: float
    dark_garment: bool
    black_share: float
    vanish: float  # of the outline
    underbase_lost: float


@dataclass(frozen=True, slots=True)
class PrintCheckInput:
    """`width_mm` is the width of the ink, not of the picture; None: `usual_width`.

    `offset_mm` is that of the ink's upper left corner in the area; None centres it.
    """

    width_mm: float | None = None
    garment: Colour = (255, 255, 255)
    method: PrintMethod = PrintMethod.DTG
    area_mm: tuple[float, float] = SHIRT_FRONT
    offset_mm: tuple[float, float] | None = None

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read `jobs.input`. Raises ValueError for a value or a field that this release does not know."""
        stored_input.require_known(stored, _READ_INPUT)
        return cls(**{name: _READ_INPUT[name](value) for name, value in stored.items()})

    def json(self) -> dict[str, Any]:
        """What differs from the defaults."""
        return stored_input.chosen(self)


def usual_width(box: Box, area_mm: tuple[float, float] = SHIRT_FRONT) -> float:
    """The width in mm at which ink of this box is judged unless it is chosen: USUAL_MM, or what fits the area."""
    return min(USUAL_MM, area_mm[0], area_mm[1] * (box.right - box.left) / (box.bottom - box.top))


def _number(stored: Any) -> float:
    stored_input.require_finite([stored])
    return float(stored)


def _pair(stored: Any) -> tuple[float, float]:
    first, second = map(_number, stored)
    return first, second


def _colour(stored: Any) -> Colour:
    red, green, blue = map(int, stored)
    return red, green, blue


_READ_INPUT: Mapping[str, Callable[[Any], Any]] = {
    "width_mm": _number,
    "garment": _colour,
    "method": PrintMethod,
    "area_mm": _pair,
    "offset_mm": _pair,
}
NO_CHOICE = PrintCheckInput()


@dataclass(frozen=True, slots=True)
class PrintCheckResult:
    """`asset_id` is the file that was checked, `width` and `height` its sides in pixels, in which boxes are given.

    `ok` unless something fails; `figures` is None for a picture without ink.
    """

    asset_id: UUID
    width: int
    height: int
    ok: bool
    score: int
    findings: tuple[Finding, ...]
    figures: Figures | None

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read `jobs.result`."""
        read = {
            "asset_id": UUID(stored["asset_id"]),
            "findings": tuple(map(Finding.read, stored["findings"])),
            "figures": Figures(**stored["figures"]) if stored["figures"] else None,
        }
        return cls(**{**stored, **read})

    def json(self) -> dict[str, Any]:
        return {**asdict(self), "asset_id": str(self.asset_id)}
