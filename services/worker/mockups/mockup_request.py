"""What a mock-up shows, read from a request's path and query."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from services.worker.mockups import catalogue
from services.worker.mockups.colours import Rgb
from services.worker.mockups.placement import Placement
from services.worker.mockups.renderer import check_width
from shared import errors
from shared.models.garment import SIDE, Garment

_NUMBERS = {"widthMm": "width_mm", "dx": "dx_mm", "dy": "dy_mm", "rotate": "rotate"}


@dataclass(frozen=True, slots=True)
class MockupRequest:
    """All that a mock-up's bytes depend on. `key` names the picture in the storage, and with it the content."""

    garment: Garment
    colour: Rgb
    key: str
    place: Placement
    width: int

    @classmethod
    def read(cls, garment: str, colour: str, key: str, query: Mapping[str, str]) -> Self:
        """Raises NotFound for an unknown garment, InvalidRequest for everything else."""
        if unknown := query.keys() - _NUMBERS.keys() - {"w"}:
            raise errors.InvalidRequest(f"There is no such parameter: {min(unknown)[:40]}.")
        found = catalogue.find(garment)
        numbers = {_NUMBERS[name]: _number(name, text) for name, text in query.items() if name != "w"}
        width = _number("w", query.get("w", str(SIDE)))
        check_width(width)
        return cls(found, catalogue.colour(colour), key, Placement(**numbers), int(width))


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or (name == "w" and number != int(number)):
        raise errors.InvalidRequest(f"{name} is not a number.", details={name: text[:20]})
    return number
