"""A drawn garment: the maps that every colour and every print of it share, and the relief they come from."""

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from services.worker.mockups.garments.light import lit
from services.worker.mockups.garments.shapes import SIDE, XX, YY, Map

Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Maps of one garment, 1200 x 1200.

    cover  what takes the garment's colour, 0..1
    light  1 on an open level surface, backdrop included
    relief the height that the print follows, pixels; or each point's place on the print, mm right and below its middle
    gloss  reflections that add to every colour, 0..1
    above  what lies over the print and hides it, 0..1
    fixed  parts with a colour of their own: (cover, colour)
    """

    cover: Map
    light: Map
    relief: Map | tuple[Map, Map]
    gloss: Map | None = None
    above: Map | None = None
    fixed: list[tuple[Map, Rgb]] = field(default_factory=list)


def blur(a: Map, sigma: float | tuple[float, float]) -> Map:
    return np.asarray(ndimage.gaussian_filter(a, sigma), np.float32)


def smooth(random: np.random.Generator, grain: float, amount: float) -> Map:
    """Random hills of width `grain`, with the standard deviation `amount`."""
    small = random.standard_normal((SIDE // 8, SIDE // 8))
    hills = ndimage.zoom(ndimage.gaussian_filter(small, grain / 8), 8, order=1)
    return np.asarray(hills * (amount / hills.std()), np.float32)


def rounded(shape: Map, radius: float, thickness: float) -> Map:
    """Height of a soft body of this thickness whose edge is round over `radius` pixels."""
    inside = np.clip(ndimage.distance_transform_edt(shape > 0.5) / radius, 0, 1)
    return blur(np.asarray(thickness * np.sqrt(1 - (1 - inside) ** 2), np.float32), radius / 6)


def ramp(a: Map, low: float, high: float) -> Map:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((a - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def turned(x: float, y: float, degrees: float, weight: Map) -> tuple[Map, Map]:
    """Displacement of a turn about a point, by the part of `degrees` that `weight` gives each place."""
    angle = np.radians(degrees) * weight
    dx, dy = XX - x, YY - y
    return np.cos(angle) * dx - np.sin(angle) * dy - dx, np.sin(angle) * dx + np.cos(angle) * dy - dy


def on_table(height: Map, cover: Map) -> Map:
    """Light on a height map that lies on the table; shadows on the table are softened."""
    light = lit(blur(height, 0.7))
    table = 1 - cover
    soft = blur(light * table, 4) / np.maximum(blur(table, 4), 1e-3)
    return np.asarray(light + (soft - light) * table, np.float32)
