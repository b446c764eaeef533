"""The six-panel cap, seen from the front: a crown 18 cm wide at 3.4 pixels a millimetre, and its curved visor."""

import numpy as np
from numpy.typing import ArrayLike

from services.worker.mockups.garments.drawing import Drawing, blur, ramp, smooth
from services.worker.mockups.garments.light import lit
from services.worker.mockups.garments.shapes import (
    XX,
    YY,
    Map,
    Points,
    area,
    both,
    curve,
    halves,
    join,
    line,
    mirrored,
    moved,
    stitches,
    union,
)

_ZOOM = 1.22  # of the coordinates below, about the middle of the picture
_X, _Y = (XX - 600) / _ZOOM + 600, (YY - 600) / _ZOOM + 622


def _placed(*parts: ArrayLike) -> Points:
    return np.asarray((join(*parts) - np.array([600, 622])) * _ZOOM + 600)


_CROWN = _placed(
    curve((600, 312), (486, 310), (352, 366), (312, 556)), curve((312, 556), (302, 606), (300, 650), (304, 706))
)
_JOIN = _placed(curve((304, 706), (390, 738), (490, 750), (600, 750)))  # where the visor is sewn on
_BRIM = _placed(
    curve((304, 706), (284, 726), (270, 752), (282, 784)), curve((282, 784), (312, 868), (450, 934), (600, 934))
)
_SIDE_SEAM = _placed(curve((600, 316), (512, 334), (430, 500), (414, 744)))
_EYELETS = ((522, 412), (678, 412))


def front() -> Drawing:
    crown = area(both(_CROWN, _JOIN))
    visor = area(both(_BRIM)) * (1 - area(both(_CROWN[:1], _CROWN, _JOIN)))
    button = _spot(600, 311, 26, 14)
    cover = np.maximum(np.minimum(crown + visor, 1), button)
    dome = _dome()
    height, thread = _sewn(dome, crown)
    brim, rows = _visor(visor)
    height = height * (1 - visor) + brim * visor
    light = _lit(height, cover, crown, visor)
    light = light * (1 - 0.08 * np.maximum(thread * crown, rows * visor))
    light = light * (1 - button) + button * (0.72 + 0.3 * ramp(-_Y, -328, -298))
    return Drawing(cover, light.astype(np.float32), dome)


def _spot(x: float, y: float, rx: float, ry: float) -> Map:
    return np.asarray(np.clip((1 - np.sqrt(((_X - x) / rx) ** 2 + ((_Y - y) / ry) ** 2)) * ry + 0.5, 0, 1), np.float32)


def _dome() -> Map:
    """Depth of the crown: an ellipsoid whose front stands almost upright."""
    rise = np.clip((750 - _Y) / 444, 0, 1)
    inside = np.clip(1 - ((_X - 600) / 322) ** 2 - rise**2.8, 0, 1)
    return np.asarray(230 * np.sqrt(inside + 0.004), np.float32)


def _sewn(dome: Map, crown: Map) -> tuple[Map, Map]:
    random = np.random.default_rng(17)
    middle = _placed((600, 316), (600, 750))
    seams = [middle, *halves(_SIDE_SEAM)]
    rows = [moved(seam, dx, 0) for seam in seams for dx in (-8, 8)]
    sweat = [stitches(moved(p, 0, -14), 1.6, 7, 3.5) for p in halves(_JOIN)]
    thread = union([*(stitches(row, 1.6, 7, 3.5) for row in rows), *sweat]) * crown
    height = dome + smooth(random, 70, 1.6) - 4 * blur(union([line(p, 2.4) for p in seams]), 1.8)
    for x, y in _EYELETS:
        ring, hole = _spot(x, y, 11, 11), _spot(x, y, 4.5, 4.5)
        height = height + 2.2 * blur(ring, 1.6) - 7 * blur(hole, 1.2)
    return height - 1.6 * blur(thread, 1.1), thread


def _visor(visor: Map) -> tuple[Map, Map]:
    """Depth of the visor, which comes forward and droops to the sides, and the rows of stitches along its edge."""
    edge = join(_BRIM[48:], mirrored(_BRIM[48:]))
    outer = join(_BRIM, mirrored(_BRIM))
    rows = union([stitches(_scaled(outer, scale), 1.6, 7, 3.5) for scale in (0.95, 0.88, 0.81, 0.74, 0.67)]) * visor
    forward = 0.62 * (_Y - 700) - 230 * (np.abs(_X - 600) / 345) ** 2.4
    lip = blur(line(edge, 9), 2.0)
    height = 200 + forward - 1.5 * blur(rows, 1.1) - 2.5 * lip
    return np.asarray(height, np.float32), rows


def _scaled(path: Points, scale: float) -> Points:
    return np.column_stack([600 + (path[:, 0] - 600) * (0.5 + scale / 2), 720 + (path[:, 1] - 720) * scale])


def _lit(height: Map, cover: Map, crown: Map, visor: Map) -> Map:
    light = lit(blur(height, 0.8), azimuth=245.0)
    meeting = blur(line(join(_JOIN, mirrored(_JOIN)), 10), 7)
    light = light * (1 - 0.55 * meeting * crown - 0.35 * meeting * visor)
    return np.asarray(light * cover + _floor() * (1 - cover), np.float32)


def _floor() -> Map:
    under = np.exp(-((((_X - 600) / 400) ** 2 + ((_Y - 905) / 58) ** 2) ** 1.5))
    wide = np.exp(-((((_X - 640) / 520) ** 2 + ((_Y - 915) / 110) ** 2) ** 1.2))
    return np.asarray(1 - 0.42 * under - 0.22 * wide, np.float32)
