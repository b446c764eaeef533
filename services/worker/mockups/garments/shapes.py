"""Outlines, seams and stitches of garments: Bezier curves and what Pillow fills or strokes between them.

Points are (n, 2) in pixels of the 1200-pixel picture, x right, y down; maps are 1200 x 1200, 0..1.
"""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

SIDE = 1200
Map = NDArray[np.floating]
Points = NDArray[np.floating]

_FINE = 4  # drawn at this scale, because Pillow's edges are hard
YY, XX = (axis.astype(np.float32) for axis in np.mgrid[0:SIDE, 0:SIDE])


def curve(*controls: tuple[float, float], steps: int = 48) -> Points:
    """Bezier curve through the first and the last control point (de Casteljau)."""
    t = np.linspace(0, 1, steps)[:, None]
    points = [np.broadcast_to(np.asarray(control, float), (steps, 2)) for control in controls]
    while len(points) > 1:
        points = [(1 - t) * a + t * b for a, b in pairwise(points)]
    return points[0]


def join(*parts: ArrayLike) -> Points:
    return np.concatenate([np.atleast_2d(np.asarray(part, float)) for part in parts])


def mirrored(points: Points, middle: float = SIDE / 2) -> Points:
    """The other half, in the order that continues the outline."""
    return np.asarray(np.column_stack([2 * middle - points[:, 0], points[:, 1]])[::-1])


def both(*parts: ArrayLike) -> Points:
    """Outline whose left half is `parts`."""
    left = join(*parts)
    return join(left, mirrored(left))


def moved(points: Points, dx: float, dy: float) -> Points:
    return np.asarray(points + np.array([dx, dy]))


def offset(path: Points, distance: float) -> Points:
    """The path moved to the right of its direction."""
    tangent = np.gradient(path, axis=0)
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]]) / np.maximum(np.hypot(*tangent.T)[:, None], 1e-9)
    return np.asarray(path + distance * normal)


def area(points: Points) -> Map:
    """Fill an outline."""
    canvas = Image.new("L", (SIDE * _FINE, SIDE * _FINE))
    ImageDraw.Draw(canvas).polygon([tuple(p) for p in points * _FINE], fill=255)
    return _reduced(canvas)


def line(points: Points, width: float) -> Map:
    canvas = Image.new("L", (SIDE * _FINE, SIDE * _FINE))
    _stroke(ImageDraw.Draw(canvas), points * _FINE, width * _FINE)
    return _reduced(canvas)


def band(path: Points, width: float) -> Map:
    """A strip of cloth along a smooth path, with straight ends."""
    return area(join(offset(path, width / 2), offset(path, -width / 2)[::-1]))


def stitches(points: Points, width: float = 1.5, dash: float = 5.5, gap: float = 2.5) -> Map:
    """Thread along a seam, in dashes of even length."""
    canvas = Image.new("L", (SIDE * _FINE, SIDE * _FINE))
    pen = ImageDraw.Draw(canvas)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    for start in np.arange(0, along[-1] - dash, dash + gap):
        at = np.linspace(start, start + dash, 4)
        piece = np.column_stack([np.interp(at, along, points[:, 0]), np.interp(at, along, points[:, 1])])
        _stroke(pen, piece * _FINE, width * _FINE)
    return _reduced(canvas)


def union(maps: Iterable[Map]) -> Map:
    return np.asarray(np.max(list(maps), axis=0), np.float32)


def halves(*paths: Points) -> list[Points]:
    """Each path and its mirror image."""
    return [half for path in paths for half in (path, mirrored(path))]


def _stroke(pen: ImageDraw.ImageDraw, points: Points, width: float) -> None:
    pen.line([tuple(p) for p in points], fill=255, width=max(1, round(width)), joint="curve")
    radius = width / 2
    for x, y in (points[0], points[-1]):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)


def _reduced(canvas: Image.Image) -> Map:
    return np.asarray(canvas.reduce(_FINE), np.float32) / np.float32(255)
