"""Light on a height map: a large softbox above the left shoulder, and the room around it.

For each compass direction the horizon of every point is found, and the light of that slice of the sky above it is
integrated over the cosine of its angle to the surface. So folds shade themselves and what lies beside them, softly, as
under a large lamp.
"""

import numpy as np

from services.worker.mockups.garments.shapes import Map

_DIRECTIONS = np.arange(0, 360, 11.25)
_REACHES = (1.5, 3, 5, 7, 10, 14, 19, 25, 33, 43, 56, 72)
_LOW, _HIGH = np.radians(28), np.radians(68)  # the softbox, above the horizon
_SPREAD = 55.0  # and to both sides, degrees
_BRIGHT = 3.84  # of the softbox, as a multiple of the room's


def lit(height: Map, key: float = 0.70, azimuth: float = 225.0) -> Map:
    """Irradiance, 1 on an open level surface. `key` is the softbox's share; azimuth in degrees, 270 is above."""
    dy, dx = np.gradient(height)
    up = 1 / np.sqrt(1 + dx**2 + dy**2)
    total, level = np.zeros_like(height), 0.0
    for degrees in _DIRECTIONS:
        ax, ay = float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees)))
        off = (degrees - azimuth + 180) % 360 - 180
        lamp = key * _BRIGHT * float(np.exp(-((off / _SPREAD) ** 2)))
        horizon, lean = np.arctan(_horizon(height, ax, ay)), -(dx * ax + dy * ay) * up
        total += (1 - key) * _slice(lean, up, horizon, 0, np.pi / 2) + lamp * _slice(lean, up, horizon, _LOW, _HIGH)
        level += (1 - key) / 2 + lamp * (np.sin(_HIGH) ** 2 - np.sin(_LOW) ** 2) / 2
    return np.asarray(total / level, np.float32)


def _slice(lean: Map, up: Map, horizon: Map, low: float, high: float) -> Map:
    """Integrate (lean cos t + up sin t) cos t over the elevations t between the horizon and `high`."""
    start = np.clip(horizon, low, high)
    facing = (high - start) / 2 + (np.sin(2 * high) - np.sin(2 * start)) / 4
    return np.asarray(np.maximum(lean * facing + up * (np.sin(high) ** 2 - np.sin(start) ** 2) / 2, 0), np.float32)


def _horizon(height: Map, ax: float, ay: float) -> Map:
    """Tangent of the highest elevation that is blocked in one direction."""
    steepest = np.full_like(height, -0.3)
    for reach in _REACHES:
        dx, dy = round(ax * reach), round(ay * reach)
        here = np.s_[max(0, -dy) : height.shape[0] - max(0, dy), max(0, -dx) : height.shape[1] - max(0, dx)]
        there = np.s_[max(0, dy) : height.shape[0] - max(0, -dy), max(0, dx) : height.shape[1] - max(0, -dx)]
        rise = (height[there] - height[here]) / np.float32(np.hypot(dx, dy))
        np.maximum(steepest[here], rise, out=steepest[here])
    return steepest
