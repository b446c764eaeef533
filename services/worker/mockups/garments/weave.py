"""Weaves: small tiles that repeat without a seam, grey around 128."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_TILE = 240
_Y, _X = np.mgrid[0:_TILE, 0:_TILE].astype(np.float32)

Tile = NDArray[np.uint8]


def jersey() -> Tile:
    """Fine columns of stitches, broken by uneven yarn."""
    columns = np.sin(2 * np.pi * (_X / 3.0 + 0.15 * _noise((3, 10), 1))) * np.cos(2 * np.pi * _Y / 4.0)
    return _grey(0.5 * columns + 0.7 * _noise((0.9, 0.6), 2) + 0.45 * _noise((6, 0.8), 3))


def fleece() -> Tile:
    return _grey(0.8 * _noise((0.9, 0.7), 4) + 0.2 * _noise((2.0, 1.5), 5) + 0.35 * np.sin(2 * np.pi * _X / 3.0))


def canvas() -> Tile:
    """Threads that pass over and under each other, 6 pixels apart, each a little uneven."""
    warp, weft = np.sin(2 * np.pi * _X / 6), np.sin(2 * np.pi * _Y / 6)
    over = np.sin(np.pi * _X / 6) * np.sin(np.pi * _Y / 6) > 0
    threads = np.where(over, np.abs(warp), np.abs(weft))
    return _grey(
        0.6 * threads + 0.45 * _noise((1.0, 14), 6) + 0.45 * _noise((14, 1.0), 7) + 0.3 * _noise((0.8, 0.8), 8)
    )


def twill() -> Tile:
    """Diagonal lines."""
    return _grey(0.7 * np.sin(2 * np.pi * (_X + 2 * _Y) / 6) + 0.6 * _noise((0.8, 0.8), 9) + 0.3 * _noise((6, 3), 10))


def _noise(sigma: tuple[float, float], seed: int) -> NDArray[np.float32]:
    rough = np.random.default_rng(seed).standard_normal((_TILE, _TILE))
    soft = ndimage.gaussian_filter(rough, sigma, mode="wrap")
    return np.asarray(soft / soft.std(), np.float32)


def _grey(a: NDArray[np.float32]) -> Tile:
    return np.asarray(np.round(np.clip(128 + 36 * (a - a.mean()) / a.std(), 0, 255)), np.uint8)
