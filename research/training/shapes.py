"""Outlines and masks: what garments, products and artwork are drawn of.

A mask is float32 SxS in 0 to 1; a layer is a mask and how light it is against its neighbours.
"""

import cv2
import numpy as np

from research.training.studio import Random

SIDE = 640  # drawn at twice the size that is kept, for smooth edges
Layer = tuple[np.ndarray, float]
_SUBPIXEL_BITS = 4


def spline(points: object, steps: int = 16) -> np.ndarray:
    """A closed Catmull-Rom curve through the points."""
    corners = np.asarray(points, np.float32)
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = []
    for index in range(len(corners)):
        before, start = corners[index - 1], corners[index]
        end, after = corners[(index + 1) % len(corners)], corners[(index + 2) % len(corners)]
        square = (2 * before - 5 * start + 4 * end - after) * t**2
        cube = (3 * start - before - 3 * end + after) * t**3
        parts.append(0.5 * (2 * start + (end - before) * t + square + cube))
    return np.concatenate(parts)


def polygon(points: object, side: int = SIDE) -> np.ndarray:
    mask = np.zeros((side, side), np.uint8)
    corners = np.round(np.asarray(points) * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
    return mask.astype(np.float32) / 255


def ring(centre: tuple[float, float], radii: tuple[float, float], arc: tuple[int, int], width: float) -> np.ndarray:
    """Part of an ellipse's line, in pixels and degrees."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    x, y = centre
    across, down = radii
    cv2.ellipse(mask, (int(x), int(y)), (int(across), int(down)), 0, arc[0], arc[1], 255, int(width), cv2.LINE_AA)
    return mask / np.float32(255)


def star(random: Random, points: int, radius: float, inner: float) -> np.ndarray:
    """Corners at `radius` and `inner` * radius in turn, turned at will."""
    angles = np.arange(2 * points) * np.pi / points + random.random() * 6
    radii = np.where(np.arange(2 * points) % 2, radius * inner, radius)
    return np.c_[np.cos(angles) * radii, np.sin(angles) * radii]


def emblem(random: Random, side: int, x: float, y: float, radius: float) -> np.ndarray:
    """A disc, star, rounded star, blob, shield, plate, heart or splash around a point."""
    kind = random.integers(0, 8)
    angle = random.random() * 6.28
    if kind == 0:
        outline = star(random, 32, radius, 1)
    elif kind == 1:
        outline = star(random, int(random.integers(4, 14)), radius, random.uniform(0.4, 0.9))
    elif kind == 2:
        outline = star(random, int(random.integers(2, 5)), radius, 0.75)
    elif kind == 3:
        rounded = star(random, int(random.integers(3, 7)), radius, random.uniform(0.5, 0.95))
        outline = spline(rounded * random.uniform(0.8, 1.1, (1, 2)))
    elif kind == 4:
        outline, angle = spline(np.array(_SHIELD) * radius), 0.0
    elif kind == 5:
        half = radius * random.uniform(0.3, 1)
        outline = np.array([(-radius, -half), (radius, -half), (radius, half), (-radius, half)])
        angle = random.normal(0, 0.1)
    elif kind == 6:
        outline, angle = _heart() * radius / 17, random.normal(0, 0.2)
    else:
        outline = spline(random.normal(0, 0.1 * radius, (9, 2)) + star(random, 9, radius, 1)[::2])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return polygon(outline @ turn.T + (x, y), side)


_SHIELD = [(0, -1), (0.9, -0.7), (0.75, 0.3), (0, 1), (-0.75, 0.3), (-0.9, -0.7)]


def _heart() -> np.ndarray:
    t = np.linspace(0, 6.28, 60, endpoint=False)
    down = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.c_[16 * np.sin(t) ** 3, -down]


def paint(picture: np.ndarray, mask: np.ndarray, colour: np.ndarray) -> None:
    """Lay a colour, or another picture, over the picture where the mask is."""
    picture[:] = picture * (1 - mask[..., None]) + colour * mask[..., None]


def centred(side: int, mask: np.ndarray, x: float, y: float) -> np.ndarray:
    """A mask of any size on a field of `side` pixels with its middle at a point; what hangs over is cut off."""
    field = np.zeros((side, side), np.float32)
    height, width = mask.shape
    top, left = int(y - height / 2), int(x - width / 2)
    first_row, first_column = max(0, top), max(0, left)
    last_row, last_column = min(side, top + height), min(side, left + width)
    if last_row > first_row and last_column > first_column:
        field[first_row:last_row, first_column:last_column] = mask[
            first_row - top : last_row - top, first_column - left : last_column - left
        ]
    return field
