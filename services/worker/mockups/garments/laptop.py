"""A laptop's lid from above, for stickers: 304 x 212 mm of anodized aluminium at 3.25 pixels a millimetre."""

import numpy as np
from scipy import ndimage

from services.worker.mockups.garments.drawing import Drawing, blur, on_table, ramp
from services.worker.mockups.garments.shapes import SIDE, XX, YY, Map

_LEFT, _RIGHT, _TOP, _LOW, _CORNER = 106.0, 1094.0, 246.0, 935.0, 42.0


def front() -> Drawing:
    lid, edge = _rounded_box()
    hinge = _bar(300, 900, 929, 947)
    height = 12 * np.sqrt(1 - np.clip(1 - edge / 5, 0, 1) ** 2) * lid
    light = on_table(blur(height, 0.8), np.maximum(lid, hinge))
    sweep = 0.90 + 0.20 * ramp(-(XX + 0.9 * YY), -1750, -500)
    light = light * (1 - lid) + light * sweep * lid
    light = light * (1 - hinge * (1 - lid)) + 0.16 * hinge * (1 - lid)
    streak = (
        np.exp(-(((XX + 0.75 * YY - 780) / 210) ** 2)) * 0.05 + np.exp(-(((XX + 0.75 * YY - 1350) / 120) ** 2)) * 0.03
    )
    chamfer = np.clip(1 - np.abs(edge - 3.5) / 2.5, 0, 1) * ramp(-(XX + YY), -1500, -700)
    gloss = (streak + 0.16 * chamfer + 0.003 * _brushed()) * lid
    return Drawing(
        np.maximum(lid, hinge),
        light.astype(np.float32),
        np.zeros((SIDE, SIDE), np.float32),
        gloss=np.asarray(np.clip(gloss, 0, 1), np.float32),
    )


def _rounded_box() -> tuple[Map, Map]:
    """The lid, and how far inside its edge each point lies."""
    dx = np.abs(XX - (_LEFT + _RIGHT) / 2) - (_RIGHT - _LEFT) / 2 + _CORNER
    dy = np.abs(YY - (_TOP + _LOW) / 2) - (_LOW - _TOP) / 2 + _CORNER
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0) - _CORNER
    return np.clip(0.5 - outside, 0, 1).astype(np.float32), np.maximum(-outside, 0).astype(np.float32)


def _bar(left: float, right: float, top: float, low: float) -> Map:
    return np.asarray(
        np.clip(XX - left, 0, 1) * np.clip(right - XX, 0, 1) * np.clip(YY - top, 0, 1) * np.clip(low - YY, 0, 1),
        np.float32,
    )


def _brushed() -> Map:
    rough = np.random.default_rng(6).standard_normal((SIDE, SIDE)).astype(np.float32)
    fine = ndimage.gaussian_filter(rough, (0.5, 9))
    return np.asarray(np.clip(fine / fine.std(), -1.5, 2) + 1.5, np.float32)
