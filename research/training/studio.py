"""Backgrounds as product photographers have them: paper, gradients, vignettes, a table, planks, cloth, a blurred room.

Every function draws from `random` in a fixed order, so a seed gives the same picture again. Pictures are float32 of
shape SxSx3 in 0 to 255.
"""

from collections.abc import Callable

import cv2
import numpy as np

Random = np.random.Generator
_TURN = 6.28


def random_colour(random: Random, darkest: int = 0) -> np.ndarray:
    return random.integers(darkest, 256, 3).astype(np.float32)


def cloud(random: Random, side: int, cells: int, strength: float) -> np.ndarray:
    """Smooth noise with `cells` ups and downs across, SxSx1."""
    noise = random.standard_normal((cells, cells, 1)).astype(np.float32)
    return cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)[..., None] * strength


def background(random: Random, side: int, photo: np.ndarray | None = None) -> np.ndarray:
    """One of the backgrounds below, sometimes clouded, sometimes grainy. `photo` may serve as the blurred room."""
    kind = random.random()
    draw = next(draw for share, draw in _KINDS if kind < share)
    if draw is _room and photo is not None:
        drawn = _room(random, side, photo)
    else:
        drawn = _mottled(random, side) if draw is _room else draw(random, side)
    if random.random() < 0.5:
        drawn = drawn + cloud(random, side, int(random.integers(2, 6)), random.uniform(1, 8))
    if random.random() < 0.3:
        drawn = drawn + random.normal(0, random.uniform(0.5, 5), (side, side, 1)).astype(np.float32)
    return np.clip(drawn, 0, 255)


def shadow(random: Random, mask: np.ndarray, side: int) -> np.ndarray:
    """How much a soft shadow below a mask darkens, 0 to 1."""
    offset = float(random.uniform(0.01, 0.06)) * side
    angle = random.random() * _TURN
    move = np.float32([[1, 0, offset * np.cos(angle)], [0, 1, offset * abs(np.sin(angle))]])
    moved = cv2.warpAffine(mask, move, (side, side))
    softness = float(random.uniform(0.008, 0.05)) * side
    return cv2.GaussianBlur(moved, (0, 0), softness) * float(random.uniform(0.05, 0.5))


def _grid(side: int) -> tuple[np.ndarray, np.ndarray]:
    """How far right and how far down each pixel is, 0 to 1."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
    return x, y


def _paper(random: Random, side: int) -> np.ndarray:
    white = 255 if random.random() < 0.5 else random.integers(225, 256)
    return np.ones((side, side, 3), np.float32) * white


def _coloured_paper(random: Random, side: int) -> np.ndarray:
    return np.ones((side, side, 3), np.float32) * random_colour(random)


def _gradient(random: Random, side: int) -> np.ndarray:
    x, y = _grid(side)
    start, end = random_colour(random), random_colour(random)
    if random.random() < 0.6:
        end = np.clip(start + random.normal(0, 35, 3), 0, 255).astype(np.float32)
    angle = random.random() * _TURN
    along = np.clip((x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle) + 0.5, 0, 1)[..., None]
    return start * (1 - along) + end * along


def _vignette(random: Random, side: int) -> np.ndarray:
    x, y = _grid(side)
    middle = random_colour(random, 90)
    rim = middle * random.uniform(0.35, 0.95)
    centre_x, centre_y = random.uniform(0.3, 0.7, 2)
    out = np.clip(np.hypot(x - centre_x, y - centre_y) * random.uniform(0.9, 1.6), 0, 1)[..., None]
    return middle * (1 - out) + rim * out


def _wall_and_table(random: Random, side: int) -> np.ndarray:
    _, y = _grid(side)
    wall, table = random_colour(random, 120), random_colour(random, 60)
    height = random.uniform(0.5, 0.85)
    below = (1 / (1 + np.exp(np.clip((height - y) * random.uniform(15, 120), -60, 60))))[..., None]
    return wall * (1 - below) + table * below


def _planks(random: Random, side: int) -> np.ndarray:
    """Planks, cloth or stripes: seven shades, upright or across."""
    x, y = _grid(side)
    colour = random_colour(random, 40)
    width = random.integers(4, 60)
    shade = (np.floor((x if random.random() < 0.5 else y) * side / width) % 7)[..., None]
    contrast = random.uniform(1, 9)
    grain = cloud(random, side, int(random.integers(6, 40)), random.uniform(2, 12))
    return colour + (shade - 3) * contrast + grain


def _mottled(random: Random, side: int) -> np.ndarray:
    colour = random_colour(random)
    blotches = cloud(random, side, int(random.integers(3, 80)), random.uniform(4, 28))
    return colour + blotches * random_colour(random, 40) / 128


def _room(random: Random, side: int, photo: np.ndarray) -> np.ndarray:
    blurred = cv2.resize(photo, (side, side)).astype(np.float32)
    return cv2.GaussianBlur(blurred, (0, 0), float(random.uniform(6, 20)))


_KINDS: tuple[tuple[float, Callable[..., np.ndarray]], ...] = (
    (0.30, _paper),
    (0.45, _coloured_paper),
    (0.62, _gradient),
    (0.74, _vignette),
    (0.82, _wall_and_table),
    (0.90, _planks),
    (0.95, _mottled),
    (1.00, _room),
)
