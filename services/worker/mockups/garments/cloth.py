"""Folds by physics: a sheet of cloth, cut a little larger than its outline, settles on a table.

The sheet is a grid of points held by position-based dynamics (Mueller et al. 2007): neighbours keep the distance they
have in the cut, second neighbours resist bending, gravity presses on the table, and the rim keeps the outline. What is
cut too large must leave the plane, and so it folds where a real garment does: along the pull of seams and sleeves.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from services.worker.mockups.garments.shapes import SIDE, Map

Flags = NDArray[np.bool_]
Pair = tuple[Map, Map]

_STRETCH = ((0, 1), (1, 0), (1, 1), (1, -1))
_BEND = ((0, 2), (2, 0), (2, 2), (2, -2), (0, 4), (4, 0))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A cut of cloth.

    `shape` is its outline. `cut_x` and `cut_y` move each point from its place in the picture to its place in the cut;
    where they vary, the cloth is longer or shorter than its outline. `ground` is the height of what it lies on. `bend`
    is its stiffness, `hold` the friction that keeps each point at its place, both 0..1; `gravity` is in pixels a step.
    """

    shape: Map
    cut_x: Map
    cut_y: Map
    ground: Map | float = 0.0
    bend: float = 0.5
    gravity: float = 0.03
    hold: float = 0.02
    steps: int = 260
    seed: int = 1


def settle(sheet: Sheet) -> Map:
    """Height of the settled cloth above the table, pixels; first on a coarse grid, then on finer ones."""
    place = _settle(sheet, 12, sheet.steps, None)
    place = _settle(sheet, 6, sheet.steps, place)
    place = _settle(sheet, 4, sheet.steps * 7 // 10, place)
    return np.asarray(ndimage.gaussian_filter(_enlarged(place[2], SIDE), 1.5))


def _settle(sheet: Sheet, cell: int, steps: int, before: list[Map] | None) -> list[Map]:
    """Places x, y and z of the sheet's points, `cell` pixels apart, after some time."""
    points = SIDE // cell
    inside = _reduced(sheet.shape, points) > 0.5
    rim = inside & ~ndimage.binary_erosion(inside, iterations=max(1, 8 // cell))
    y, x = (axis.astype(np.float32) * cell for axis in np.mgrid[0:points, 0:points])
    cut = _reduced(sheet.cut_x, points), _reduced(sheet.cut_y, points)
    links = [_Link(step, inside, rim, (x, y), cut, 1.0) for step in _STRETCH]
    links += [_Link(step, inside, rim, (x, y), cut, sheet.bend) for step in _BEND]
    hold = np.where(rim, np.float32(0.5), np.float32(sheet.hold))
    ground = _reduced(np.broadcast_to(np.float32(sheet.ground), (SIDE, SIDE)), points)
    now = [x.copy(), y.copy(), _start(sheet.seed, points)] if before is None else [_enlarged(a, points) for a in before]
    old = [a.copy() for a in now]
    for _ in range(steps):
        _fall(now, old, sheet.gravity * cell)
        for _ in range(3):
            for link in links:
                link.apply(now)
            now[0] += hold * (x - now[0])
            now[1] += hold * (y - now[1])
        _land(now, old, ground)
    nearest = ndimage.distance_transform_edt(~inside, return_distances=False, return_indices=True)
    now[2] = now[2][tuple(nearest)]
    return now


def _fall(now: list[Map], old: list[Map], gravity: float) -> None:
    for axis, pull in enumerate((0.0, 0.0, gravity)):
        speed = np.float32(0.96) * (now[axis] - old[axis]) - np.float32(pull)
        now[axis], old[axis] = now[axis] + speed, now[axis]


def _land(now: list[Map], old: list[Map], ground: Map) -> None:
    """Stop at the table, which halves the speed of what slides on it."""
    touching = now[2] < ground
    for axis in (0, 1):
        old[axis][touching] = now[axis][touching] - 0.5 * (now[axis] - old[axis])[touching]
    np.maximum(now[2], ground, out=now[2])


def _start(seed: int, points: int) -> Map:
    rough = np.random.default_rng(seed).standard_normal((points, points))
    return np.asarray(6 + 8 * ndimage.gaussian_filter(rough, 2.0) * 4, np.float32)


class _Link:
    """All pairs of points a given step apart, and the distance each pair has in the cut."""

    def __init__(
        self, step: tuple[int, int], inside: Flags, rim: Flags, place: Pair, cut: Pair, stiffness: float
    ) -> None:
        rows, columns = step
        height, width = inside.shape
        self.first = np.s_[: height - rows, max(0, -columns) : width - max(0, columns)]
        self.second = np.s_[rows:, max(0, columns) : width - max(0, -columns)]
        held = inside[self.first] & inside[self.second]
        self.weight = np.where(held, np.float32(0.25 * stiffness), np.float32(0))
        loose = ~(rim[self.first] & rim[self.second])  # along the rim the cut is as long as the outline
        both = zip(place, cut, strict=True)
        apart = [a[self.second] - a[self.first] + loose * (c[self.second] - c[self.first]) for a, c in both]
        self.rest = np.hypot(*apart)

    def apply(self, now: list[Map]) -> None:
        apart = [a[self.second] - a[self.first] for a in now]
        length = np.sqrt(apart[0] ** 2 + apart[1] ** 2 + apart[2] ** 2) + np.float32(1e-6)
        pull = self.weight * (1 - self.rest / length)
        for a, distance in zip(now, apart, strict=True):
            correction = pull * distance
            a[self.first] += correction
            a[self.second] -= correction


def _reduced(a: Map, points: int) -> Map:
    return np.asarray(ndimage.zoom(a, points / SIDE, order=1, grid_mode=True, mode="nearest"), np.float32)


def _enlarged(a: Map, points: int) -> Map:
    return np.asarray(ndimage.zoom(a, points / a.shape[0], order=3, grid_mode=True, mode="nearest"), np.float32)
