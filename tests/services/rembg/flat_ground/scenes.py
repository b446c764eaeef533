"""Flat artwork put together from a known alpha, and photographs of products that look like it."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
WHITE, BLACK, CREAM, BLUE, RED = (255, 255, 255), (0, 0, 0), (246, 239, 222), (30, 60, 160), (200, 30, 40)
_SCALE = 8


def ring(size: tuple[int, int] = (300, 240), radius: float = 90, width: float = 24) -> np.ndarray:
    """Exact alpha of a ring in the middle."""
    return _reduced(size, [(radius, 255), (radius - width, 0)])


def disc(size: tuple[int, int] = (300, 240), radius: float = 90) -> np.ndarray:
    return _reduced(size, [(radius, 255)])


def composed(alpha: np.ndarray, ink: Colour | np.ndarray, ground: Colour | np.ndarray) -> np.ndarray:
    share = alpha[..., None] / 255
    return np.rint(np.asarray(ink) * share + np.asarray(ground) * (1 - share)).astype(np.uint8)


def graded(size: tuple[int, int], ground: Colour, by: float) -> np.ndarray:
    """A ground that gets lighter from left to right, and darker towards the corners, by so much of 255 in all."""
    x, y = np.meshgrid(np.linspace(-1, 1, size[0]), np.linspace(-1, 1, size[1]))
    surface: np.ndarray = np.array(ground, float) + (by / 4 * (x - (x * x + y * y) / 2))[..., None]
    return surface


def garment(ground: Colour, *, shadow: float) -> np.ndarray:
    """A cloth of one dye: folds, weave and, on the ground, a soft shadow of this strength."""
    random = np.random.default_rng(3)
    size, alpha = (400, 480), disc((400, 480), 150)
    folds = np.asarray(
        Image.fromarray(random.integers(0, 256, (12, 10), np.uint8)).resize(size, Image.Resampling.BICUBIC)
    )
    light = 0.6 + 0.6 * folds / 255 + random.normal(0, 0.03, alpha.shape)
    cast = np.asarray(Image.fromarray(np.roll(alpha, 10, axis=0)).filter(ImageFilter.GaussianBlur(10))) / 255
    cloth = (np.array((40, 70, 120)) * light[..., None]).clip(0, 255)
    return composed(alpha, cloth, np.array(ground) * (1 - shadow * cast[..., None]))


def _reduced(size: tuple[int, int], discs: list[tuple[float, int]]) -> np.ndarray:
    drawn = Image.new("L", (size[0] * _SCALE, size[1] * _SCALE))
    x, y = drawn.width / 2, drawn.height / 2
    for radius, level in discs:
        reach = radius * _SCALE
        ImageDraw.Draw(drawn).ellipse((x - reach, y - reach, x + reach, y + reach), fill=level)
    return np.asarray(drawn.reduce(_SCALE))
