"""Vectors: logos traced into curves, with the few inks they are drawn with."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self
from uuid import UUID

from shared.models import stored_input

MOST_INKS = 12


@dataclass(frozen=True, slots=True)
class VectorInput:
    """`width_mm` is the width of the ink; None: `print_check.usual_width`. `marks`: the PDF has registration marks."""

    width_mm: float | None = None
    max_inks: int = 8
    marks: bool = False

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read `jobs.input`. Raises ValueError for a value or a field that this release does not know."""
        stored_input.require_known(stored, stored_input.names_of(cls))
        stored_input.require_finite([stored.get("width_mm", 1)])
        return cls(**stored)

    def json(self) -> dict[str, Any]:
        """What differs from the defaults."""
        return stored_input.chosen(self)


NO_CHOICE = VectorInput()


@dataclass(frozen=True, slots=True)
class Ink:
    """`colour` is hexadecimal, such as #1d3557; `share` that of the ink's area; `spot` its name in the PDF."""

    colour: str
    share: float
    spot: str


@dataclass(frozen=True, slots=True)
class VectorResult:
    """The SVG (`asset_id`, `key` and `bytes`), the PDF, the drawing's lengths in mm, and its inks, the largest first.

    `explained` is the share of the flat areas which are exactly an ink: of 0.93 to 1.
    """

    asset_id: UUID
    key: str
    bytes: int
    pdf_id: UUID
    pdf_key: str
    pdf_bytes: int
    width_mm: float
    height_mm: float
    inks: tuple[Ink, ...]
    explained: float

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read `jobs.result`."""
        inks = tuple(Ink(**ink) for ink in stored["inks"])
        ids = {name: UUID(stored[name]) for name in ("asset_id", "pdf_id")}
        return cls(**{**stored, **ids, "inks": inks})

    def json(self) -> dict[str, Any]:
        inks = [asdict(ink) for ink in self.inks]
        return {**asdict(self), "asset_id": str(self.asset_id), "pdf_id": str(self.pdf_id), "inks": inks}
