"""Logos and what is none, drawn with known truth."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from services.worker.vector import palette, snapping, tracing
from services.worker.vector.files import Drawing

Pixels = NDArray[np.uint8]
INKS = ((29, 53, 87), (241, 250, 238), (230, 57, 70), (252, 163, 17), (42, 157, 143))


def logo(side: int) -> Pixels:
    """A badge of five inks with lettering, and thin lines in the last of them."""
    s = 4 * side
    canvas = Image.new("RGBA", (s, s))
    pen = ImageDraw.Draw(canvas)
    pen.ellipse((0.02 * s, 0.02 * s, 0.98 * s, 0.98 * s), INKS[0])
    pen.ellipse((0.08 * s, 0.08 * s, 0.92 * s, 0.92 * s), INKS[1])
    pen.rectangle((0.2 * s, 0.6 * s, 0.8 * s, 0.8 * s), INKS[2])
    pen.polygon([(0.5 * s, 0.12 * s), (0.75 * s, 0.55 * s), (0.25 * s, 0.55 * s)], INKS[3])
    for line in range(9):
        pen.line((0.2 * s, (0.62 + 0.02 * line) * s, 0.8 * s, (0.62 + 0.02 * line) * s), INKS[4], round(0.006 * s))
    pen.text((0.5 * s, 0.7 * s), "SHOP & Co", INKS[1], ImageFont.load_default(0.12 * s), anchor="mm")
    return np.array(canvas.convert("RGBa").reduce(4).convert("RGBA"))


def jpeg(rgba: Pixels, quality: int) -> Pixels:
    held = io.BytesIO()
    Image.fromarray(rgba[..., :3]).save(held, "JPEG", quality=quality)
    return np.dstack([np.array(Image.open(held)), rgba[..., 3]])


def fade(side: int = 600) -> Pixels:
    rgba = np.full((side, side, 4), 255, np.uint8)
    rgba[..., 1] = np.linspace(60, 200, side)[None]
    rgba[..., 2] = np.linspace(40, 120, side)[:, None]
    return rgba


def photograph(side: int = 600) -> Pixels:
    """Smooth shading with the grain of a sensor."""
    random = np.random.default_rng(1)
    y, x = np.mgrid[:side, :side] / side
    bands = [128 + 90 * np.sin(7 * x + 3 * y), 120 + 80 * np.cos(5 * y), 110 + 70 * np.sin(4 * x * y)]
    rgb = np.clip(np.dstack(bands) + random.normal(0, 4, (side, side, 3)), 0, 255).astype(np.uint8)
    return np.dstack([rgb, np.full((side, side), 255, np.uint8)])


def noise(side: int, block: int = 1) -> Pixels:
    random = np.random.default_rng(2)
    cells = random.integers(0, 2, (side // block, side // block)).repeat(block, 0).repeat(block, 1)
    return np.dstack([cells * 255] * 3 + [np.full_like(cells, 255)]).astype(np.uint8)


def drawing(rgba: Pixels, width_mm: float) -> Drawing:
    """A picture traced."""
    inks = palette.find(rgba)
    snapped = snapping.snap(rgba, inks.colours)
    height, width = snapped.inks.shape
    return Drawing(tracing.shapes(snapped, inks.colours), inks.colours, (width, height), width_mm)
