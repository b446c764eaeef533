"""Enlargements: how many pixels a picture is to have, how they were made, and what that cannot do."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from shared.models import stored_input


class Way(StrEnum):
    """AUTO: FLAT for what was drawn with a few flat inks, else LANCZOS."""

    AUTO = "auto"
    FLAT = "flat"  # sharp outlines of flat areas
    LANCZOS = "lanczos"  # smooth, without new detail


@dataclass(frozen=True, slots=True)
class EnlargementInput:
    """`width_mm` is the width of the ink; None: `print_check.usual_width`. `dpi` is wanted."""

    width_mm: float | None = None
    dpi: int = 300
    method: Way = Way.AUTO

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read `jobs.input`. Raises ValueError for a value or a field that this release does not know."""
        stored_input.require_known(stored, stored_input.names_of(cls))
        stored_input.require_finite(value for name, value in stored.items() if name != "method")
        return cls(**{**stored, "method": Way(stored.get("method", Way.AUTO))})

    def json(self) -> dict[str, Any]:
        """What differs from the defaults."""
        return stored_input.chosen(self)


NO_CHOICE = EnlargementInput()


@dataclass(frozen=True, slots=True)
class EnlargementResult:
    """The picture with more pixels, and a detail of it before and after.

    `scale`: its pixels per pixel of the picture. `dpi_before`: the picture's resolution. `changed`: the share of the
    ink that is clearly of another colour when the result is made as small again.
    """

    asset_id: UUID
    key: str
    width: int
    height: int
    bytes: int
    width_mm: float
    dpi: int
    dpi_before: float
    scale: float
    method: Way
    changed: float
    before_key: str
    after_key: str

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read `jobs.result`."""
        return cls(**{**stored, "asset_id": UUID(stored["asset_id"]), "method": Way(stored["method"])})

    def json(self) -> dict[str, Any]:
        return {**asdict(self), "asset_id": str(self.asset_id)}
