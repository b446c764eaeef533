"""Bends a flat picture over a garment: quadrilaterals between the nodes of its warp, sampled by Pillow."""

import numpy as np
from PIL import Image

from services.worker.mockups.colours import Floats

STEP = 16
"""Pixels between the nodes of a warp."""

_CLEAR = 2  # pixels of clear rim, so that edges are smooth


def warped(design: Image.Image, at: Floats) -> Image.Image:
    """The design on the garment's window.

    `design` has a premultiplied mode or L; `at` is (rows, columns, 2), the place of each node as fractions of its size.
    """
    rows, columns = at.shape[0] - 1, at.shape[1] - 1
    width, height = design.size
    rim = Image.new(design.mode, (width + 2 * _CLEAR, height + 2 * _CLEAR))
    rim.paste(design, (_CLEAR, _CLEAR))
    places = at * np.array([width, height], np.float32) + _CLEAR
    size = (columns * STEP, rows * STEP)
    return rim.transform(size, Image.Transform.MESH, _mesh(places, rim.size), Image.Resampling.BILINEAR)


def _mesh(places: Floats, size: tuple[int, int]) -> list[tuple[tuple[int, int, int, int], tuple[float, ...]]]:
    """Boxes of the window that the design meets, with their corners in the design: nw, sw, se, ne."""
    corners = np.concatenate([places[:-1, :-1], places[1:, :-1], places[1:, 1:], places[:-1, 1:]], axis=2)
    xs, ys = corners[..., 0::2], corners[..., 1::2]
    near = (xs.max(2) > 0) & (xs.min(2) < size[0]) & (ys.max(2) > 0) & (ys.min(2) < size[1])
    found = np.argwhere(near)
    boxes = np.concatenate([found[:, ::-1], found[:, ::-1] + 1], axis=1) * STEP
    return [(tuple(box), tuple(quad)) for box, quad in zip(boxes.tolist(), corners[near].tolist(), strict=True)]
