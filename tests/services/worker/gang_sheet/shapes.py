"""Designs to nest: drawn, seeded, straight RGBA."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

KINDS = ("disc", "ring", "star", "text", "crescent", "boomerang", "blob", "badge", "islands", "photo")


def drawn(kind: str, mm: float, dpi: float = 300, seed: int = 0) -> NDArray[np.uint8]:
    """A design in a square of `mm`, cropped to nothing: its borders may be clear."""
    random = np.random.default_rng(seed)
    n = max(16, round(mm / 25.4 * dpi))
    image = Image.new("RGBA", (n, n))
    draw = ImageDraw.Draw(image)
    inks = [(*(int(v) for v in random.integers(20, 235, 3)), 255) for _ in range(4)]
    _SHAPES.get(kind, _blob)(draw, n, inks, random)
    out = np.array(image)
    if kind == "photo":
        noise = random.integers(0, 256, out[..., :3].shape, np.uint8)
        out[..., :3] = np.where(out[..., 3:] > 0, noise, 0)
    return out


def _disc(draw: ImageDraw.ImageDraw, n: int, inks: list[tuple[int, ...]], random: np.random.Generator) -> None:
    draw.ellipse((2, 2, n - 3, n - 3), inks[0])


def _ring(draw: ImageDraw.ImageDraw, n: int, inks: list[tuple[int, ...]], random: np.random.Generator) -> None:
    draw.ellipse((2, 2, n - 3, n - 3), inks[0])
    draw.ellipse((n * 0.2, n * 0.2, n * 0.8, n * 0.8), (0, 0, 0, 0))


def _star(draw: ImageDraw.ImageDraw, n: int, inks: list[tuple[int, ...]], random: np.random.Generator) -> None:
    radii = [(n / 2 - 2) * (1 if at % 2 == 0 else 0.4) for at in range(10)]
    turns = [at * math.pi / 5 for at in range(10)]
    draw.polygon(
        [(n / 2 + r * math.sin(a), n / 2 - r * math.cos(a)) for r, a in zip(radii, turns, strict=True)], inks[0]
    )


def _text(draw: ImageDraw.ImageDraw, n: int, inks: list[tuple[int, ...]], random: np.random.Generator) -> None:
    font = ImageFont.load_default(n * 0.3)
    draw.text((n / 2, n * 0.35), "Stolen", inks[0], font, anchor="mm")
    draw.text((n / 2, n * 0.65), "Tee", inks[1], font, anchor="mm")


def _crescent(draw: ImageDraw.ImageDraw, n: int, inks: list[tuple[int, ...]], random: np.random.Generator) -> None:
    draw.ellipse((2, 2, n - 3, n - 3), inks[0])
    draw.ellipse((n * 0.3, -n * 0.05, n * 1.25, n * 0.9), (0, 0, 0, 0))


def _boomerang(draw: ImageDraw.ImageDraw, n: int, inks: list[tuple[int, ...]], random: np.random.Generator) -> None:
    corners = [(2, 2), (n * 0.3, 2), (n * 0.3, n * 0.7), (n - 3, n * 0.7), (n - 3, n - 3), (2, n - 3)]
    draw.polygon(corners, inks[0])


def _badge(draw: ImageDraw.ImageDraw, n: int, inks: list[tuple[int, ...]], random: np.random.Generator) -> None:
    draw.rounded_rectangle((2, n * 0.25, n - 3, n * 0.75), n * 0.08, inks[0])
    draw.ellipse((n * 0.35, n * 0.3, n * 0.65, n * 0.7), inks[1])


def _islands(draw: ImageDraw.ImageDraw, n: int, inks: list[tuple[int, ...]], random: np.random.Generator) -> None:
    for _ in range(12):
        x, y, r = random.uniform(0.12, 0.88), random.uniform(0.12, 0.88), random.uniform(0.03, 0.1)
        draw.ellipse(((x - r) * n, (y - r) * n, (x + r) * n, (y + r) * n), inks[int(random.integers(4))])


def _blob(draw: ImageDraw.ImageDraw, n: int, inks: list[tuple[int, ...]], random: np.random.Generator) -> None:
    turns = np.arange(220) * 2 * math.pi / 220
    waves = [random.uniform(-0.35, 0.35) / h * np.cos(h * turns + random.uniform(0, 6)) for h in range(2, 9)]
    radii = 1 + np.sum(waves, axis=0)
    radii = radii / radii.max() * (n / 2 - 2)
    points = np.stack([n / 2 + radii * np.cos(turns), n / 2 + radii * np.sin(turns)], 1)
    draw.polygon([(float(x), float(y)) for x, y in points], inks[0])


_SHAPES = {
    "disc": _disc,
    "ring": _ring,
    "star": _star,
    "text": _text,
    "crescent": _crescent,
    "boomerang": _boomerang,
    "badge": _badge,
    "islands": _islands,
}
