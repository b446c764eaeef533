"""Alpha matting: the mask's rim drawn anew along the edges of the picture itself.

The guided filter (He, Sun, Tang: Guided Image Filtering, 2010) with all three colours as the guide: in every small
window alpha is taken for a linear function of colour, which follows edges that a mask of 320 pixels cannot know. The
coefficients are computed on at most 1 megapixel and applied at full size, strip by strip, so time and memory are
bounded whatever is sent. Closed-form matting (pymatting) is the better judge of single hairs, but takes 1.5 s and 300
MB a megapixel and brings numba and scipy, half a gigabyte, into the image; DECISIONS.md has the figures.
"""

import numpy as np
from PIL import Image, ImageFilter

from services.rembg.options import Matting

_WORK_PIXELS = 1_000_000
_RADIUS = 12  # pixels of the reduced picture: twice what the enlarged mask blurs
_EPSILON = 1e-4  # variances of colour below this count as flat: a hundredth of the range
_STRIP = 256  # rows


def refine(picture: Image.Image, alpha: Image.Image, asked: Matting) -> Image.Image:
    """Alpha with its rim refined; what is sure by `asked`, some pixels away from all doubt, stays as it is."""
    scale = min(1.0, (_WORK_PIXELS / (picture.width * picture.height)) ** 0.5)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    guide = np.asarray(picture.convert("RGB").resize(size, Image.Resampling.BOX), np.float32) / 255
    small = alpha.resize(size, Image.Resampling.BOX)
    planes = [Image.fromarray(plane) for plane in _coefficients(guide, np.asarray(small, np.float32) / 255)]
    doubt = _doubt(small, asked).resize(picture.size, Image.Resampling.BILINEAR)
    refined = alpha.copy()
    for top in range(0, picture.height, _STRIP):
        box = (0, top, picture.width, min(picture.height, top + _STRIP))
        if doubt.crop(box).getbbox():
            refined.paste(_applied(planes, picture.crop(box), box, picture.height), box, doubt.crop(box))
    return refined


def _doubt(alpha: Image.Image, asked: Matting) -> Image.Image:
    """255 where alpha is between the two sure values, and up to `erode` pixels around."""
    low, high = min(asked.background, asked.foreground), max(asked.background, asked.foreground)
    unsure = alpha.point([255 * (low < level < high) for level in range(256)])
    return unsure.filter(ImageFilter.MaxFilter(2 * asked.erode + 1)) if asked.erode else unsure


def _applied(planes: list[Image.Image], strip: Image.Image, box: tuple[int, int, int, int], height: int) -> Image.Image:
    first = planes[0]
    part = (0.0, box[1] * first.height / height, float(first.width), box[3] * first.height / height)
    red, green, blue, rest = (
        np.asarray(plane.resize(strip.size, Image.Resampling.BILINEAR, box=part)) for plane in planes
    )
    colours = np.asarray(strip, np.float32) / 255
    alpha = red * colours[..., 0] + green * colours[..., 1] + blue * colours[..., 2] + rest
    return Image.fromarray((alpha.clip(0, 1) * 255 + 0.5).astype(np.uint8))


def _coefficients(guide: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """4xHxW float32: alpha = red*R + green*G + blue*B + rest, in the window around each pixel."""
    means, mean = [_box(guide[..., c]) for c in range(3)], _box(alpha)
    covariance = {
        (i, j): _box(guide[..., i] * guide[..., j]) - means[i] * means[j] for i in range(3) for j in range(i, 3)
    }
    for i in range(3):
        covariance[i, i] += _EPSILON
    against = [_box(guide[..., c] * alpha) - means[c] * mean for c in range(3)]
    slopes = _solved(covariance, against)
    rest = mean - sum(slope * level for slope, level in zip(slopes, means, strict=True))
    return np.stack([_box(plane) for plane in (*slopes, rest)])


def _solved(m: dict[tuple[int, int], np.ndarray], v: list[np.ndarray]) -> list[np.ndarray]:
    """The symmetric 3x3 system of every pixel, by its adjugate."""
    a, b, c, d, e, f = m[0, 0], m[0, 1], m[0, 2], m[1, 1], m[1, 2], m[2, 2]
    ad, ae, af = d * f - e * e, c * e - b * f, b * e - c * d
    bd, be, cd = a * f - c * c, b * c - a * e, a * d - b * b
    determinant = a * ad + b * ae + c * af
    rows = ((ad, ae, af), (ae, bd, be), (af, be, cd))
    return [sum(cell * x for cell, x in zip(row, v, strict=True)) / determinant for row in rows]


def _box(plane: np.ndarray) -> np.ndarray:
    """The mean over the window around each pixel, at the edges over what there is of it."""
    for axis in (0, 1):
        plane = _box_along(plane, axis)
    return plane


def _box_along(plane: np.ndarray, axis: int) -> np.ndarray:
    length = plane.shape[axis]
    sums = np.cumsum(plane, axis=axis, dtype=np.float64)
    sums = np.concatenate([np.zeros_like(sums.take([0], axis)), sums], axis=axis)
    at = np.arange(length)
    first, last = np.maximum(at - _RADIUS, 0), np.minimum(at + _RADIUS + 1, length)
    counts = (last - first).reshape((-1, 1) if axis == 0 else (1, -1))
    means: np.ndarray = ((sums.take(last, axis) - sums.take(first, axis)) / counts).astype(np.float32)
    return means
