"""An enlargement beside its picture: how much of it changed, and the same detail before and after."""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from services.worker.prepress.arrays import Pixels
from services.worker.prepress.rim import HALF

_CLEAR_CHANGE = 48  # codes: a noise or a JPEG's block changes less
_SHOWN = 480  # pixels of the result a side: 4 cm of a print at 300 dpi


@dataclass(frozen=True, slots=True)
class Detail:
    """The same part of both, in the result's pixels; `before` as any printer's program enlarges it."""

    before: Pixels
    after: Pixels


def changed(rgba: Pixels, made: Pixels) -> float:
    """The share of the ink whose colour is clearly another when the result is made as small as the picture again."""
    again = Image.fromarray(made).resize((rgba.shape[1], rgba.shape[0]), Image.Resampling.BOX)
    apart = _premultiplied(np.asarray(again)).astype(np.int16) - _premultiplied(rgba)
    ink = rgba[..., 3] >= HALF
    return float((np.abs(apart[ink]).max(1) > _CLEAR_CHANGE).mean()) if ink.any() else 0.0


def detail(rgba: Pixels, made: Pixels) -> Detail:
    """Where the picture has most edges."""
    width, height = (min(_SHOWN, side) for side in made.shape[1::-1])
    scale = made.shape[1] / rgba.shape[1], made.shape[0] / rgba.shape[0]
    x, y = _busiest(rgba, (round(width / scale[0]), round(height / scale[1])))
    left, top = min(round(x * scale[0]), made.shape[1] - width), min(round(y * scale[1]), made.shape[0] - height)
    box = (left / scale[0], top / scale[1], (left + width) / scale[0], (top + height) / scale[1])
    before = Image.fromarray(rgba).resize((width, height), Image.Resampling.BICUBIC, box)
    return Detail(np.asarray(before), np.ascontiguousarray(made[top : top + height, left : left + width]))


def _busiest(rgba: Pixels, window: tuple[int, int]) -> tuple[int, int]:
    """Left and top of the window (width, height) with the largest sum of steps between pixels."""
    steps, colours = np.zeros(rgba.shape[:2], np.float32), _premultiplied(rgba)
    for channel in range(4):
        plane = colours[..., channel].astype(np.float32)
        steps[1:] += np.abs(np.diff(plane, axis=0))
        steps[:, 1:] += np.abs(np.diff(plane, axis=1))
    width, height = (max(1, side) for side in window)
    sums = ndimage.uniform_filter(steps, (height, width), mode="constant", origin=(-(height // 2), -(width // 2)))
    valid = sums[: len(steps) - height + 1, : rgba.shape[1] - width + 1]
    top, left = np.unravel_index(valid.argmax(), valid.shape)
    return int(left), int(top)


def _premultiplied(rgba: Pixels) -> Pixels:
    return np.asarray(Image.fromarray(rgba).convert("RGBa"))
