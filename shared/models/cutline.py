"""Cut lines: what round the ink a knife is to follow, and the files that tell it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self
from uuid import UUID

from shared.models import stored_input


@dataclass(frozen=True, slots=True)
class CutlineInput:
    """Lengths in mm. `width_mm` is the width of the ink; None: `print_check.usual_width`.

    `artwork`: the PDF has the picture beneath the line. `spot` is the name of the line's layer and spot colour.
    """

    width_mm: float | None = None
    offset_mm: float = 2.0
    smooth_mm: float = 1.0
    holes: bool = False
    artwork: bool = False
    spot: str = "CutContour"

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read `jobs.input`. Raises ValueError for a value or a field that this release does not know."""
        stored_input.require_known(stored, stored_input.names_of(cls))
        stored_input.require_finite(value for name, value in stored.items() if name.endswith("_mm"))
        return cls(**stored)

    def json(self) -> dict[str, Any]:
        """What differs from the defaults."""
        return stored_input.chosen(self)


NO_CHOICE = CutlineInput()


@dataclass(frozen=True, slots=True)
class CutlineResult:
    """The SVG (`asset_id`, `key` and `bytes`) and the PDF.

    Lengths in mm: the page, the ink's box on it from the page's upper left corner, and the cut path. `lines` counts
    closed lines, holes among them.
    """

    asset_id: UUID
    key: str
    bytes: int
    pdf_id: UUID
    pdf_key: str
    pdf_bytes: int
    width_mm: float
    height_mm: float
    ink_left_mm: float
    ink_top_mm: float
    ink_width_mm: float
    ink_height_mm: float
    lines: int
    length_mm: float

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read `jobs.result`."""
        return cls(**{**stored, "asset_id": UUID(stored["asset_id"]), "pdf_id": UUID(stored["pdf_id"])})

    def json(self) -> dict[str, Any]:
        return {**asdict(self), "asset_id": str(self.asset_id), "pdf_id": str(self.pdf_id)}
