"""The print: a setting sun in a bandit's mask; the letters are strokes, not a font."""

from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from docs.drawing.tools import Map, Points, curve, linear

CREAM, CORAL, AMBER = (248, 236, 212), (233, 104, 78), (244, 176, 84)
ART = 2400  # side of the print's square canvas; shrinking it onto the cloth smooths its edges

# Letters as strokes in a box of 1 x 1; an arc is (centre x, centre y, radius x, radius y, from, to) in degrees.
GLYPHS: dict[str, list[list[tuple[float, ...]]]] = {
    "S": [[(0.5, 0.25, 0.47, 0.25, -25, -270), (0.5, 0.75, 0.5, 0.25, -90, 155)]],
    "T": [[(0, 0), (1, 0)], [(0.5, 0), (0.5, 1)]],
    "O": [[(0.5, 0.5, 0.54, 0.5, 0, 360)]],
    "L": [[(0.1, 0), (0.1, 1), (0.95, 1)]],
    "E": [[(0.95, 0), (0.05, 0), (0.05, 1), (0.95, 1)], [(0.05, 0.5), (0.8, 0.5)]],
    "N": [[(0, 1), (0, 0), (1, 1), (1, 0)]],
}


def skeleton(letter: str) -> Points:
    """Return points along every stroke, dense enough that discs on them form a line that can be bent."""
    points = []
    for stroke in GLYPHS[letter]:
        path: list[tuple[float, ...]] = []
        for part in stroke:
            turn = np.radians(np.linspace(part[4], part[5], 40)) if len(part) > 2 else np.zeros(0)
            path += [(part[0] + part[2] * np.cos(a), part[1] + part[3] * np.sin(a)) for a in turn] or [part]
        points += [np.linspace(a, b, 50) for a, b in pairwise(path)]
    return np.concatenate(points)


def letter_round(draw: ImageDraw.ImageDraw, word: str, radius: float, pitch: float) -> None:
    """Write `word` around the centre of the canvas; a negative radius writes along the bottom."""
    up, size, pen = np.sign(radius), 0.145 * ART, 0.022 * ART
    for i, letter in enumerate(word):
        x, y = skeleton(letter).T
        turn = ((i - (len(word) - 1) / 2) * pitch + 0.6 * (x - 0.5)) * size / abs(radius)
        out = abs(radius) + up * (0.5 - y) * size
        for px, py in zip(ART / 2 + out * np.sin(turn), ART / 2 - up * out * np.cos(turn), strict=True):
            draw.ellipse([px - pen, py - pen, px + pen, py + pen], fill=255)


def outline(side: int, *p: tuple[float, float]) -> list[tuple[float, float]]:
    """Return two cubic arcs, p0..p3 and p3..p6, in sun radii from the centre; `side` -1 mirrors them."""
    arcs = ART / 2 + SUN * np.concatenate([curve(*p[:4]), curve(*p[3:])]) * (side, 1)
    return [(x, y) for x, y in arcs]


SUN = 0.235 * ART


def artwork() -> Map:
    """A setting sun in a bandit's mask, lettered; linear RGBA, colours multiplied by alpha."""
    sun, cream = Image.new("L", (ART, ART)), Image.new("L", (ART, ART))
    draw, light = ImageDraw.Draw(sun), ImageDraw.Draw(cream)
    c = ART / 2
    draw.ellipse([c - SUN, c - SUN, c + SUN, c + SUN], fill=255)
    for i in range(5):  # the lines of a low sun, wider towards the horizon
        top = c + SUN * (0.36 + 0.135 * i)
        draw.rectangle([0, top, ART, top + SUN * (0.02 + 0.014 * i)], fill=0)
    for side in (-1, 1):
        mask = (0, -0.28), (0.45, -0.52), (0.8, -0.49), (1.12, -0.46), (1.0, 0.36), (0.36, 0.44), (0, 0.06)
        eye = (0.2, -0.02), (0.26, -0.34), (0.62, -0.32), (0.82, -0.24), (0.74, 0.12), (0.36, 0.18), (0.2, -0.02)
        draw.polygon(outline(side, *mask), fill=0)
        light.polygon(outline(side, *eye), fill=255)
    letter_round(light, "STOLEN", 0.36 * ART, 1.02)
    letter_round(light, "TEE", -0.36 * ART, 1.2)
    fade = np.clip((np.arange(ART, dtype=np.float32)[:, None, None] - c + SUN) / (2 * SUN), 0, 1)
    ink = linear(AMBER) * (1 - fade) + linear(CORAL) * fade
    warm, pale = (np.asarray(layer, np.float32)[..., None] / 255 for layer in (sun, cream))
    return np.concatenate([ink * warm + linear(CREAM) * pale, np.maximum(warm, pale)], axis=2)
