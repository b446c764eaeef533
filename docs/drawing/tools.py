"""Light, blur, noise and curves on maps of a picture's size."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Map = NDArray[np.float32]
Points = NDArray[np.float64]

WIDTH, HEIGHT, MIDDLE = 1600, 2000, 800
YY, XX = (a.astype(np.float32) for a in np.mgrid[0:HEIGHT, 0:WIDTH])
RANDOM = np.random.default_rng(7)


def linear(colour: Iterable[float]) -> Map:
    """From sRGB 0..255 to linear light 0..1."""
    c = np.asarray(list(colour), np.float32) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).astype(np.float32)


def encoded(light: Map) -> NDArray[np.uint8]:
    c = np.clip(light, 0, 1)
    return np.round(255 * np.where(c <= 0.0031308, 12.92 * c, 1.055 * c ** (1 / 2.4) - 0.055)).astype(np.uint8)


def blur(a: Map, sigma: float) -> Map:
    """Gaussian blur through the Fourier transform; the border is continued outwards."""
    pad = int(3 * sigma) + 1
    wide = np.pad(a, pad, mode="edge")
    fy, fx = np.fft.fftfreq(wide.shape[0])[:, None], np.fft.rfftfreq(wide.shape[1])[None]
    kernel = np.exp(-2 * (np.pi * sigma) ** 2 * (fx**2 + fy**2))
    out = np.fft.irfft2(np.fft.rfft2(wide) * kernel, s=wide.shape)
    return np.asarray(out[pad:-pad, pad:-pad], np.float32)


def noise(grain: float, stretch: tuple[float, float] = (1, 1)) -> Map:
    """Smooth random map with variance 1; `grain` is the size of its hills, `stretch` makes them (tall, wide)."""
    size = (max(4, int(WIDTH / grain / stretch[1])), max(4, int(HEIGHT / grain / stretch[0])))
    small = Image.fromarray(RANDOM.standard_normal(size[::-1]).astype(np.float32))
    big = np.asarray(small.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    return np.asarray(big / big.std(), np.float32)


def over(below: Map, layer: Map, cover: Map) -> Map:
    """Blend `layer` over `below` by `cover` (height x width, 0..1)."""
    return np.asarray(below + (layer - below) * cover[..., None], np.float32)


def curve(*controls: tuple[float, float], steps: int = 48) -> Points:
    """Bezier curve of any degree (de Casteljau)."""
    t = np.linspace(0, 1, steps)[:, None]
    points: list[Points] = [np.ones((steps, 1)) * np.asarray(c, float) for c in controls]
    while len(points) > 1:
        points = [(1 - t) * a + t * b for a, b in pairwise(points)]
    return points[0]
