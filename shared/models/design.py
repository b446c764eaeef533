"""Designs: pictures placed on a product's print areas. Lengths are micrometres, angles thousandths of a degree."""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from shared.models.owner import Owner
from shared.models.print_check import PrintCheckInput, PrintMethod
from shared.models.product import PrintArea

FULL_TURN = 360_000
_ROUNDING_UM = 1  # callers round to 0.001 mm, and a turned box is not a whole number of them
_ANY_AREA_MM = (5000.0, 5000.0)  # where a design lies is judged here, so one check serves every place of equal size


class Problem(StrEnum):
    """Why a placement cannot be printed as it is."""

    PICTURE_MISSING = "picture_missing"  # it was deleted
    NOT_OFFERED = "not_offered"  # the product is not sold, or not printed there, or not by this method
    OUTSIDE_PRINT_AREA = "outside_print_area"


class Bounds(NamedTuple):
    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class Placement:
    """A picture on a print area.

    `left_um` and `top_um` lead from the area's upper left corner to that of the ink's box, which is then turned
    clockwise about its middle. `ink_px` are the width and height of that box in the picture. `picture_key` is None once
    the picture was deleted, `area` once the product is not sold or not printed there any more.
    """

    name: str
    asset_id: UUID
    method: PrintMethod
    left_um: int
    top_um: int
    width_um: int
    ink_px: tuple[int, int]
    rotation_mdeg: int = 0
    picture_key: str | None = None
    area: PrintArea | None = None

    @property
    def height_um(self) -> int:
        """Of the ink; it follows from the picture."""
        width, height = self.ink_px
        return max(1, round(self.width_um * height / width))

    @property
    def bounds(self) -> Bounds:
        """The box around the turned ink."""
        turn = math.radians(self.rotation_mdeg / 1000)
        cos, sin = abs(math.cos(turn)), abs(math.sin(turn))
        width, height = self.width_um, self.height_um
        x, y = self.left_um + width / 2, self.top_um + height / 2
        half_width, half_height = (width * cos + height * sin) / 2, (width * sin + height * cos) / 2
        return Bounds(*map(round, (x - half_width, y - half_height, x + half_width, y + half_height)))

    @property
    def problem(self) -> Problem | None:
        if self.picture_key is None:
            return Problem.PICTURE_MISSING
        if self.area is None or self.method not in self.area.methods:
            return Problem.NOT_OFFERED
        return Problem.OUTSIDE_PRINT_AREA if self._leaves(self.area) else None

    def print_check(self, colour: str) -> PrintCheckInput:
        """The check of its size and method on a garment of this colour, `rrggbb`."""
        red, green, blue = bytes.fromhex(colour)
        return PrintCheckInput(self.width_um / 1000, (red, green, blue), self.method, _ANY_AREA_MM)

    def _leaves(self, area: PrintArea) -> bool:
        left, top, right, bottom = self.bounds
        over = max(-left, -top, right - area.width_um, bottom - area.height_um)
        return over > _ROUNDING_UM


@dataclass(frozen=True, slots=True)
class Design:
    """`colour` is that of the garment on which it is shown and checked, `rrggbb`."""

    id: UUID
    owner: Owner
    product_id: UUID
    name: str
    colour: str
    placements: tuple[Placement, ...]
    created_at: datetime
    updated_at: datetime
