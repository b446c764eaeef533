"""Ink to cut out, drawn with known truth, and measures of a line round it."""

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Pixels = NDArray[np.uint8]
MM = 0.1  # a pixel
SIDE = 600


def disc(radius: float, middle: tuple[float, float] = (300, 300)) -> Pixels:
    """Alpha, antialiased; lengths in pixels."""
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    return np.asarray(np.clip(radius - np.hypot(x - middle[0], y - middle[1]) + 0.5, 0, 1) * 255, np.uint8)


def star() -> Pixels:
    turns = np.arange(10) * np.pi / 5
    reach = np.where(np.arange(10) % 2, 90, 280)
    return drawn([(300 + r * np.sin(t), 300 - r * np.cos(t)) for r, t in zip(reach, turns, strict=True)])


def drawn(corners: list[tuple[float, float]]) -> Pixels:
    canvas = Image.new("L", (4 * SIDE, 4 * SIDE))
    ImageDraw.Draw(canvas).polygon([(4 * x, 4 * y) for x, y in corners], fill=255)
    return np.asarray(canvas.reduce(4))


def lettering() -> Pixels:
    """Bars of 0.6 mm and a ring, as thin as letters."""
    alpha: Pixels = np.maximum(disc(120, (150, 400)) - disc(110, (150, 400)), disc(40, (480, 420)))
    alpha[100:300:40] = alpha[101:301:40] = alpha[102:302:40] = 255
    alpha[:, :60] = alpha[:, -60:] = 0
    return alpha


def blobs(seed: int) -> Pixels:
    random = np.random.default_rng(seed)
    alpha = np.zeros((SIDE, SIDE), np.uint8)
    for _ in range(12):
        x, y = random.uniform(80, 520, 2)
        np.maximum(alpha, disc(random.uniform(2, 60), (x, y)), out=alpha)
    return alpha


def least_distance(line: shapely.MultiPolygon, alpha: Pixels, mm_per_px: float = MM) -> float:
    """From any ink to the line in mm; below 0 if ink lies outside."""
    rows, columns = np.nonzero(alpha >= 128)
    points = shapely.points((columns + 0.5) * mm_per_px, (rows + 0.5) * mm_per_px)
    shapely.prepare(line)
    outlines = line.boundary
    shapely.prepare(outlines)
    away = shapely.distance(outlines, points)
    return float(np.where(shapely.contains(line, points), away, -away).min() - mm_per_px / 2)


def sharpest_mm(line: shapely.MultiPolygon, reach: float) -> float:
    """The smallest radius of the line's curve, each measured through three points that lie `reach` mm apart on it."""
    rings = [ring for part in line.geoms for ring in (part.exterior, *part.interiors)]
    return min(_sharpest(ring, reach) for ring in rings)


def _sharpest(ring: shapely.LinearRing, reach: float) -> float:
    steps = np.arange(0, ring.length, reach / 4)
    before, here, after = (
        shapely.get_coordinates(shapely.line_interpolate_point(ring, (steps + shift) % ring.length))
        for shift in (-reach, 0, reach)
    )
    a, b, c = (np.hypot(*(one - other).T) for one, other in ((before, here), (here, after), (after, before)))
    (x, y), (u, v) = (here - before).T, (after - before).T
    return float(np.min(a * b * c / np.maximum(2 * np.abs(x * v - y * u), 1e-9)))
