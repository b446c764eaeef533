"""Print edges: how the outline of a cut-out is hardened, and what came of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from shared.models import stored_input


class Gate(StrEnum):
    """What to do with print edges."""

    APPLY = "apply"
    COMPARE = "compare"  # apply, and show before and after
    ASK = "ask"  # do not apply by itself


@dataclass(frozen=True, slots=True)
class PrintEdgesInput:
    """`width_mm` is the width of the ink; None: `print_check.usual_width`.

    `choke_px`: how far the outline is drawn in. `island_mm2`: smaller lone parts are removed, and smaller
    lone holes closed.
    """

    width_mm: float | None = None
    choke_px: float = 0.5
    island_mm2: float = 1.0

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read `jobs.input`. Raises ValueError for a value or a field that this release does not know."""
        stored_input.require_known(stored, stored_input.names_of(cls))
        stored_input.require_finite(stored.values())
        return cls(**{name: float(value) for name, value in stored.items()})

    def json(self) -> dict[str, Any]:
        """What differs from the defaults."""
        return stored_input.chosen(self)


NO_CHOICE = PrintEdgesInput()


@dataclass(frozen=True, slots=True)
class Removed:
    """Parts of ink that were removed and holes that were closed, and their area in print."""

    parts: int
    parts_mm2: float
    holes: int
    holes_mm2: float


@dataclass(frozen=True, slots=True)
class PrintEdgesResult:
    """`ink_change` is the area of ink won or lost, as a share; `rim_px` the width of the soft outline before.

    `removed` is None in results of workers that did not count it. The file is there whatever the gate says.
    """

    asset_id: UUID
    key: str
    width: int
    height: int
    bytes: int
    gate: Gate
    uncertain: float
    ink_change: float
    rim_px: float
    removed: Removed | None = None

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read `jobs.result`. Fields of a later release are ignored."""
        removed = stored.get("removed")
        read = {
            "asset_id": UUID(stored["asset_id"]),
            "gate": Gate(stored["gate"]),
            "removed": Removed(**removed) if removed else None,
        }
        known = {name: stored[name] for name in stored.keys() & cls.__dataclass_fields__.keys()}
        return cls(**{**known, **read})

    def json(self) -> dict[str, Any]:
        return {**asdict(self), "asset_id": str(self.asset_id)}
