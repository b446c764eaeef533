"""Drawn cut-outs whose right answers are known, and what must hold of every print-edges result."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from services.worker.prepress.arrays import Mask, Pixels, Plane
from services.worker.prepress.edges import Edges, Options, print_edges

SIDE = 1100
RED, GREEN = (210, 60, 50), (60, 190, 70)
_LENS_REACH = 6  # pixels inside the outline from where nothing may change
_UNTOUCHED = 0.999  # of the pixels there: A13


def disc(radius: float = 500, edge: float = 1.0, side: int = SIDE) -> Plane:
    """Alpha of 0 to 1, a ramp of `edge` pixels wide."""
    rows, columns = np.mgrid[:side, :side] - side / 2
    return np.asarray(np.clip(0.5 + (radius - np.hypot(rows, columns)) / edge, 0, 1).astype(np.float32))


def blurred(plane: Plane, sigma: float) -> Plane:
    return np.asarray(ndimage.gaussian_filter(plane, sigma))


def cut_out(alpha: Plane, colours: tuple[int, int, int] | Pixels = RED) -> Pixels:
    out = np.zeros((*alpha.shape, 4), np.uint8)
    out[..., :3] = colours
    out[..., 3] = alpha * 255 + 0.5
    return out


def photographed(share: Plane, subject: tuple[int, int, int] = RED, ground: tuple[int, int, int] = GREEN) -> Pixels:
    """What a camera sees where `share` of each pixel is subject."""
    mixed = share[..., None] * np.array(subject) + (1 - share[..., None]) * np.array(ground)
    return np.asarray((mixed + 0.5).astype(np.uint8))


def with_grain(photo: Pixels, sigma: float = 4.0) -> Pixels:
    grain = np.random.default_rng(1).normal(0, sigma, photo.shape)
    return np.asarray(np.clip(photo + grain, 0, 255).astype(np.uint8))


def hardened(rgba: Pixels, options: Options, source: Pixels | None = None, **more: int) -> Edges:
    """Print edges; the inside must be the photograph's, pixel for pixel, and what is clear has no alpha."""
    before = rgba.copy()
    made = print_edges(rgba, options, source, **more)
    assert np.array_equal(rgba, before)
    assert made.rgba.shape == rgba.shape
    inside = deep_inside(made.rgba)
    same = (made.rgba[..., :3] == (rgba[..., :3] if source is None else source)).all(-1)[inside]
    assert same.size == 0 or same.mean() >= _UNTOUCHED
    assert (made.rgba[..., 3][inside] == 255).all()
    return made


def deep_inside(rgba: Pixels) -> Mask:
    return np.asarray(ndimage.distance_transform_edt(rgba[..., 3] > 127) > _LENS_REACH)


def area(rgba: Pixels) -> float:
    return float(rgba[..., 3].sum(dtype=np.float64) / 255)


def crossings(alpha: Pixels, columns: range) -> NDArray[np.float64]:
    """In each column, how far down alpha first reaches a half, between pixels."""
    level = alpha.astype(np.float64) / 255
    first = [int(np.argmax(level[:, x] >= 0.5)) for x in columns]
    return np.array(
        [y - 1 + (0.5 - level[y - 1, x]) / (level[y, x] - level[y - 1, x]) for x, y in zip(columns, first, strict=True)]
    )
