"""Vectors: logos traced into curves, with the few inks they are drawn with."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self
from uuid import UUID

from shared.models import stored_input

MOST_INKS = 12


@dataclass(frozen=True, slots=True)
class VectorInput:
    """`width_mm` is the width of the ink; None: `print_check.usual_width`."""

    width_mm: float | None = None
    max_inks: int = 8

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
    """`colour` is hexadecimal, such as #1d3557; `share` that of the ink's area."""

    colour: str
    share: float


@dataclass(frozen=True, slots=True)
class VectorResult:
    """The drawing, of these lengths in mm, and its inks, the largest first.

    `explained` is the share of the flat areas which are exactly an ink: of 0.93 to 1.
    """

    asset_id: UUID
    key: str
    bytes: int
    width_mm: float
    height_mm: float
    inks: tuple[Ink, ...]
    explained: float

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read `jobs.result`."""
        inks = tuple(Ink(**ink) for ink in stored["inks"])
        return cls(**{**stored, "asset_id": UUID(stored["asset_id"]), "inks": inks})

    def json(self) -> dict[str, Any]:
        return {**asdict(self), "asset_id": str(self.asset_id), "inks": [asdict(ink) for ink in self.inks]}
