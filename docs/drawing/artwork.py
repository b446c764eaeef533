"""A setting sun in a bandit's mask, as a print on cloth and as a logo; the letters are strokes, not a font."""

from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from docs.drawing.tools import Map, Points, curve, encoded, linear, over

CREAM, CORAL, AMBER = (248, 236, 212), (233, 104, 78), (244, 176, 84)
GROUND, INK = (214, 232, 224), (24, 52, 66)  # of the logo
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


def plates() -> tuple[Map, Map, Map]:
    """Coverage, 0..1, of the sun without the lines of a low sun, of the mask over it, and of its eyes; ART x ART."""
    sun, mask, eyes = (Image.new("L", (ART, ART)) for _ in range(3))
    c = ART / 2
    draw = ImageDraw.Draw(sun)
    draw.ellipse([c - SUN, c - SUN, c + SUN, c + SUN], fill=255)
    for i in range(5):  # wider towards the horizon
        top = c + SUN * (0.36 + 0.135 * i)
        draw.rectangle([0, top, ART, top + SUN * (0.02 + 0.014 * i)], fill=0)
    for side in (-1, 1):
        edge = (0, -0.28), (0.45, -0.52), (0.8, -0.49), (1.12, -0.46), (1.0, 0.36), (0.36, 0.44), (0, 0.06)
        eye = (0.2, -0.02), (0.26, -0.34), (0.62, -0.32), (0.82, -0.24), (0.74, 0.12), (0.36, 0.18), (0.2, -0.02)
        ImageDraw.Draw(mask).polygon(outline(side, *edge), fill=255)
        ImageDraw.Draw(eyes).polygon(outline(side, *eye), fill=255)
    return coverage(sun), coverage(mask), coverage(eyes)


def coverage(plate: Image.Image) -> Map:
    return np.asarray(plate, np.float32)[..., None] / 255


def lettering(radius: float) -> Map:
    letters = Image.new("L", (ART, ART))
    letter_round(ImageDraw.Draw(letters), "STOLEN", radius, 1.02)
    letter_round(ImageDraw.Draw(letters), "TEE", -radius, 1.2)
    return coverage(letters)


def glow() -> Map:
    """The sun's colour, amber above and coral below, in linear light."""
    fade = np.clip((np.arange(ART, dtype=np.float32)[:, None, None] - ART / 2 + SUN) / (2 * SUN), 0, 1)
    return np.asarray(linear(AMBER) * (1 - fade) + linear(CORAL) * fade, np.float32)


def artwork() -> Map:
    """The print: the mask is the cloth, eyes and letters are cream; linear RGBA, colours multiplied by alpha."""
    sun, mask, eyes = plates()
    warm, pale = sun * (1 - mask), np.maximum(eyes, lettering(0.36 * ART))
    return np.concatenate([glow() * warm + linear(CREAM) * pale, np.maximum(warm, pale)], axis=2)


def logo() -> Image.Image:
    """The logo as a customer sends it: 1000 pixels square, two inks on one flat colour, which the eyes show."""
    sun, mask, eyes = plates()
    dark = np.maximum(mask * (1 - eyes), lettering(0.4 * ART))
    picture = over(np.ones((ART, ART, 3), np.float32) * linear(GROUND), linear(CORAL), (sun * (1 - eyes))[..., 0])
    picture = over(picture, linear(INK), dark[..., 0])
    square = Image.new("RGB", (1000, 1000), GROUND)
    square.paste(Image.fromarray(encoded(picture)).resize((900, 900), Image.Resampling.LANCZOS), (50, 50))
    return square
