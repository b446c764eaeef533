"""Three designs for the gallery, RGBA 1400 x 1400: a lettered badge, hills in flat inks, a planet in soft shades."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from docs.drawing.artwork import AMBER, ART, CORAL, letter_round
from docs.drawing.tools import encoded, linear

SIDE = 1400
_Y, _X = (axis.astype(np.float32) for axis in np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j])


def badge() -> Image.Image:
    """A low sun in stripes between the letters of the project's name."""
    canvas = Image.new("L", (ART, ART))
    pen, middle, sun = ImageDraw.Draw(canvas), ART / 2, 0.25 * ART
    pen.ellipse((middle - sun, middle - sun, middle + sun, middle + sun), fill=255)
    for i in range(5):
        top = middle + sun * (0.05 + 0.19 * i)
        pen.rectangle((0, top, ART, top + sun * (0.03 + 0.02 * i)), fill=0)
    letter_round(pen, "STOLEN", 0.37 * ART, 1.02)
    letter_round(pen, "TEE", -0.37 * ART, 1.2)
    ink = np.asarray(canvas.resize((SIDE, SIDE), Image.Resampling.LANCZOS), np.float32) / 255
    fade = np.clip(0.5 + 0.9 * _Y, 0, 1)[..., None]
    return _picture(linear(AMBER) * (1 - fade) + linear(CORAL) * fade, ink)


def landscape() -> Image.Image:
    """Hills in four flat inks under a moon, in a round frame."""
    colour = np.broadcast_to(linear((247, 200, 150)), (SIDE, SIDE, 3)).copy()
    colour[np.hypot(_X - 0.28, _Y + 0.38) < 0.2] = linear((252, 240, 215))
    for level, swing, phase, ink in (
        (-0.02, 0.16, 0.4, (236, 140, 104)),
        (0.18, 0.13, 2.1, (196, 86, 84)),
        (0.4, 0.11, 4.4, (112, 60, 90)),
        (0.62, 0.09, 0.9, (52, 44, 78)),
    ):
        ridge = level + swing * (np.sin(3.1 * _X + phase) + 0.45 * np.sin(7.3 * _X + 2 * phase))
        colour[ridge < _Y] = linear(ink)
    return _picture(colour, np.clip((0.96 - np.hypot(_X, _Y)) * SIDE / 2, 0, 1))


def planet() -> Image.Image:
    """A banded planet with its ring, lit from the upper left."""
    tilt = np.radians(-20)
    x, y = _X * np.cos(tilt) + _Y * np.sin(tilt), _Y * np.cos(tilt) - _X * np.sin(tilt)
    ball = np.hypot(x, y) / 0.52
    depth = np.sqrt(np.clip(1 - ball**2, 0, 1))
    day = np.clip((-0.55 * x / 0.52 - 0.5 * y / 0.52 + 0.67 * depth), 0.05, 1)
    bands = 0.5 + 0.5 * np.sin(17 * y / (0.6 + 0.4 * depth) + 1.2 * np.sin(5 * x + 3 * y))
    body = _blend((58, 120, 168), (150, 214, 210), bands) * (0.10 + 0.95 * day)[..., None]
    away = np.hypot(x, 3.4 * y)
    streaks = 0.5 + 0.5 * np.sin(90 * away) * np.sin(37 * away + 1)
    ring = np.clip(np.minimum(away - 0.64, 0.95 - away) * 60, 0, 1) * (
        1 - np.clip((0.025 - np.abs(away - 0.82)) * 90, 0, 1)
    )
    solid = np.clip((1 - ball) * SIDE / 4, 0, 1)
    front = ring * ((y > 0) | (solid < 0.5))
    colour = body + (_blend((214, 150, 96), (250, 222, 170), streaks) - body) * front[..., None]
    return _picture(colour, np.maximum(solid, front))


DESIGNS: tuple[Callable[[], Image.Image], ...] = (badge, landscape, planet)


def _blend(low: tuple[int, int, int], high: tuple[int, int, int], share: np.ndarray) -> np.ndarray:
    return linear(low) + (linear(high) - linear(low)) * share[..., None]


def _picture(light: np.ndarray, alpha: np.ndarray) -> Image.Image:
    return Image.fromarray(np.dstack([encoded(light), np.round(255 * alpha).astype(np.uint8)]))
