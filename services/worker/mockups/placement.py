"""Where a design lies on a garment, in millimetres, and the pixels of it that each point of the garment shows."""

import math
from dataclasses import dataclass

import numpy as np

from services.worker.mockups.colours import Floats
from shared import errors

_BOUNDS = {"width_mm": (1.0, 1000.0), "dx_mm": (-1000.0, 1000.0), "dy_mm": (-1000.0, 1000.0), "rotate": (-360.0, 360.0)}


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a design lies on the print area. Raises InvalidRequest for numbers out of bounds.

    `width_mm` is the width of its ink (None: as large as the area allows), `dx_mm` and `dy_mm` lead from the area's
    middle to its own, right and down, and `rotate` turns it clockwise, in degrees.
    """

    width_mm: float | None = None
    dx_mm: float = 0.0
    dy_mm: float = 0.0
    rotate: float = 0.0

    def __post_init__(self) -> None:
        for name, (low, high) in _BOUNDS.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:  # false for NaN as well
                raise errors.InvalidRequest(f"{name} is a number from {low:g} to {high:g}.", details={name: str(value)})


def size_mm(pixels: tuple[int, int], area_mm: tuple[float, float], placement: Placement) -> tuple[float, float]:
    """Printed width and height of the ink."""
    width, height = pixels
    if placement.width_mm is not None:
        return placement.width_mm, placement.width_mm * height / width
    turn = math.radians(placement.rotate)
    cos, sin = abs(math.cos(turn)), abs(math.sin(turn))
    scale = min(area_mm[0] / (width * cos + height * sin), area_mm[1] / (width * sin + height * cos))
    return width * scale, height * scale


def on_design(nodes: Floats, placement: Placement, printed_mm: tuple[float, float]) -> Floats:
    """Fractions 0..1 of the design's width and height for points (..., 2) in mm from the area's middle."""
    x, y = nodes[..., 0] - np.float32(placement.dx_mm), nodes[..., 1] - np.float32(placement.dy_mm)
    turn = math.radians(placement.rotate)
    cos, sin = math.cos(turn), math.sin(turn)
    return np.stack([(x * cos + y * sin) / printed_mm[0] + 0.5, (y * cos - x * sin) / printed_mm[1] + 0.5], axis=-1)
