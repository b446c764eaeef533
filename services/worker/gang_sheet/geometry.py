"""Designs on a sheet as polygons: turned by quarters, laid down, all in mm with y down."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shapely import affinity
from shapely.geometry import Polygon

from shared.models.gang_sheet import DPI, MM_PER_INCH, Film, Placement, millimetres, pixels

# Laying pieces down on whole pixels moves each by half of one: 0.042 mm to each side.
ROUNDING_MM = 0.2


@dataclass(frozen=True, slots=True)
class Shape:
    """What the nester knows of a design: its outline, from the picture's top left corner, and the picture's size."""

    outline: Polygon
    width: float
    height: float
    copies: int
    turns: tuple[int, ...]  # quarters, clockwise

    def turned(self, quarters: int) -> Polygon:
        """The outline of the turned picture, again from its top left corner."""
        a, b, d, e = ((1, 0, 0, 1), (0, -1, 1, 0), (-1, 0, 0, -1), (0, 1, -1, 0))[quarters % 4]
        x, y = self.corner(quarters)
        return affinity.affine_transform(self.outline, (a, b, d, e, -x, -y))

    def corner(self, quarters: int) -> tuple[float, float]:
        """Where turning the picture about its top left corner takes the top left corner of its box."""
        return ((0, 0), (-self.height, 0), (-self.width, -self.height), (0, -self.width))[quarters % 4]


def laid(shapes: Sequence[Shape], placement: Placement) -> Polygon:
    turned = shapes[placement.item].turned(placement.quarters)
    return affinity.translate(turned, placement.x_mm, placement.y_mm)


def on_pixels(x_mm: float, y_mm: float) -> tuple[float, float]:
    """The nearest whole pixels, in mm."""
    return millimetres(pixels(x_mm)), millimetres(pixels(y_mm))


def lengths(shapes: Sequence[Shape], placements: Iterable[Placement], film: Film) -> list[float]:
    """How long each sheet is: its last ink, the margin, and up to a whole pixel."""
    ends: dict[int, float] = {}
    for placement in placements:
        ends[placement.sheet] = max(ends.get(placement.sheet, 0.0), laid(shapes, placement).bounds[3])
    pixel = MM_PER_INCH / DPI
    return [min(film.max_length_mm, ends[sheet] + film.margin_mm + pixel) for sheet in sorted(ends)]
