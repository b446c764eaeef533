"""The 11-ounce mug: a glazed cylinder 82 mm wide and 95 mm high at 7 pixels a millimetre, seen slightly from above."""

import numpy as np
from scipy import ndimage

from services.worker.mockups.garments.drawing import Drawing, blur, ramp
from services.worker.mockups.garments.shapes import XX, YY, Map, curve, join, line

PX_MM = 7.0
_X, _RADIUS = 540.0, 287.0
_TOP, _FOOT = 270.0, 935.0  # the middles of both ellipses
_RIM, _BASE = 44.0, 62.0  # their half heights: the camera sees the foot from farther above
_WALL = 24.0


def front() -> Drawing:
    across = np.clip((XX - _X) / _RADIUS, -1, 1)
    angle = np.arcsin(across)
    bow = np.sqrt(1 - across**2)
    body = _wall(bow)
    lip, mouth = _ellipse(_RADIUS, _RIM), _ellipse(_RADIUS - _WALL, _RIM - 8, 1.5)
    handle, tube = _handle(body)
    outside = np.maximum(body, lip)
    light = _glaze(angle) * (1 - 0.16 * ramp(YY, 760, 1010))
    gloss = _softboxes(angle) + 0.10 * ramp(np.abs(across), 0.7, 1.0) ** 2
    light, gloss = light * (1 - handle) + tube[0] * handle, gloss * (1 - handle) + tube[1] * handle
    inner = 0.50 + 0.30 * ramp(YY, _TOP - _RIM, _TOP + _RIM) + 0.16 * across
    rim = 1.04 - 0.10 * across
    light = light * (1 - lip) + (rim * (1 - mouth) + inner * mouth) * lip
    gloss = gloss * (1 - lip) + 0.10 * (lip - mouth).clip(0, 1) * (1 - 0.4 * across)
    cover = np.minimum(outside + handle, 1)
    light = light * cover + _floor() * (1 - cover)
    along = (YY - (_TOP + _FOOT) / 2 - bow * (_RIM + _BASE) / 2) / PX_MM
    return Drawing(
        cover,
        light.astype(np.float32),
        (angle * np.float32(_RADIUS / PX_MM), along.astype(np.float32)),
        gloss=(gloss * cover).astype(np.float32),
        above=lip,
    )


def _soft(distance: Map) -> Map:
    return np.asarray(np.clip(distance + 0.5, 0, 1), np.float32)


def _ellipse(rx: float, ry: float, down: float = 0.0) -> Map:
    x, y = (XX - _X) / rx, (YY - _TOP - down) / ry
    radius, slope = np.hypot(x, y), np.hypot(x / rx, y / ry)
    return _soft(np.maximum(radius, 1e-3) * (1 - radius) / np.maximum(slope, 1e-6))


def _wall(bow: Map) -> Map:
    """The cylinder, drawn in towards the foot."""
    foot = _FOOT + _BASE * bow
    drawn_in = 30 * (1 - np.sqrt(1 - np.clip((YY - foot + 34) / 36, 0, 1) ** 2))
    return _soft(_RADIUS - drawn_in - np.abs(XX - _X)) * _soft(YY - _TOP) * _soft(foot - YY)


def _glaze(angle: Map) -> Map:
    """Diffuse light round the cylinder: a large lamp on the left, a pale room, a bounce on the right."""
    lamp = np.clip(np.cos(angle + 0.75), 0, 1)
    bounce = 0.10 * np.exp(-(((angle - 1.35) / 0.25) ** 2))
    return np.asarray(0.53 + 0.55 * lamp + bounce, np.float32)


def _softboxes(angle: Map) -> Map:
    """Mirror images of two lamps in the glaze: a wide one on the left, a narrow one on the right."""
    degrees = np.degrees(angle)
    upright = ramp(YY, 335, 365) * (1 - ramp(YY, 800, 960))
    wide = ramp(degrees, -56, -50) * (1 - ramp(degrees, -38, -31))
    narrow = ramp(degrees, 57, 60) * (1 - ramp(degrees, 63, 67))
    return np.asarray((0.20 * wide + 0.09 * narrow) * upright, np.float32)


def _handle(body: Map) -> tuple[Map, tuple[Map, Map]]:
    """A round tube along a bow: its cover, and its light and gloss."""
    axis = join(
        curve((800, 428), (930, 404), (1010, 430), (1022, 560)), curve((1022, 560), (1030, 700), (960, 800), (800, 812))
    )
    away = ndimage.distance_transform_edt(line(axis, 1.0) < 0.5).astype(np.float32)
    thick = 36 + 5 * (1 - ramp(XX, 822, 960))
    height = blur(np.sqrt(np.clip(1 - (away / thick) ** 2, 0, 1)) * thick, 2.5)
    dy, dx = np.gradient(height)
    size = np.sqrt(1 + dx**2 + dy**2)
    light = 0.48 + 0.52 * np.clip((0.62 * dx + 0.5 * dy + 0.6) / size, 0, 1)
    gloss = 0.02 + 0.34 * np.clip((0.40 * dx + 0.42 * dy + 0.81) / size, 0, 1) ** 60
    shaded = 1 - 0.30 * blur(body, 14) - 0.12 * ramp(YY, 640, 820)
    return _soft(thick - away) * (1 - body), (np.asarray(light * shaded, np.float32), np.asarray(gloss, np.float32))


def _floor() -> Map:
    """Light on the table: a dark line under the foot, a soft shadow to the right, and the shade of the handle."""

    def pool(x: float, y: float, rx: float, ry: float) -> Map:
        return np.asarray(np.exp(-((((XX - x) / rx) ** 2 + ((YY - y) / ry) ** 2) ** 1.3)), np.float32)

    shade = 0.30 * pool(670, 985, 420, 52) + 0.42 * pool(555, 985, 285, 26) + 0.10 * pool(800, 990, 340, 90)
    return np.asarray(1 - np.clip(shade, 0, 0.8), np.float32)
