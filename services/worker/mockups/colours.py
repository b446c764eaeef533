"""Colours: linear light to sRGB, and the look-up table from light on a material to the colour seen."""

import re

import numpy as np
from numpy.typing import NDArray

from services.worker.srgb import LINEAR

Rgb = tuple[int, int, int]
Floats = NDArray[np.floating]
Bytes = NDArray[np.uint8]

FULL = 2048  # a shade of 1: light on an open level surface
SHADES = 2 * FULL  # as many shades are told apart, up to twice that light
_STEPS = 16384  # a fifth of a code each at the dark end
_WEIGHTS = np.array([0.2126, 0.7152, 0.0722])


def _encoded(light: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


_SRGB: Bytes = np.round(255 * _encoded(np.minimum(np.arange(0.5, _STEPS + 1) / _STEPS, 1))).astype(np.uint8)


def parse(text: str) -> Rgb:
    """Read `rrggbb`, with or without `#`. Raises ValueError."""
    if not re.fullmatch(r"#?[0-9a-fA-F]{6}", text):
        raise ValueError("A colour is six hexadecimal digits, such as 1a1a1c")
    return tuple(bytes.fromhex(text[-6:]))  # type: ignore[return-value]


def encode(light: Floats) -> Bytes:
    """Linear light to sRGB codes; what is over 1 is white. Changes `light`."""
    np.multiply(light, _STEPS, out=light)
    np.clip(light, 0, _STEPS, out=light)
    return np.take(_SRGB, light.astype(np.uint16))


def luminance(colour: Rgb) -> float:
    """Relative luminance, linear 0..1."""
    return float(LINEAR[list(colour)] @ _WEIGHTS)


def seen(colour: Rgb, sheen: float) -> Floats:
    """Linear colour (SHADES, 3) of a material under each shade of light.

    `sheen` is what fibres reflect uncoloured; without it black cloth would show no folds.
    """
    shade = (np.arange(SHADES) / FULL)[:, None]
    albedo = 0.006 + 0.9 * LINEAR[list(colour)].astype(float)
    fibres = sheen * np.clip(shade - 0.35, 0, None) ** 1.5
    return (albedo * shade + fibres).astype(np.float32)
