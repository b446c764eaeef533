"""Garments and products as layers of masks: where each point lies, in shares of the picture."""

import cv2
import numpy as np

from research.training.shapes import SIDE, Layer, polygon, ring, spline
from research.training.studio import Random

_SLEEVES = {"tee": (0.17, 0.03), "long": (0.5, 0.05), "hood": (0.5, 0.05)}
_MIDDLE = 0.5


def garment(random: Random) -> list[Layer]:
    """A T-shirt (mostly), long-sleeved shirt, hooded one or tank top, lying flat."""
    kind = str(random.choice(["tee", "tee", "tee", "long", "hood", "tank"]))
    outline, neck, top = _garment_outline(random, kind)
    layers: list[Layer] = [(polygon(_like_cloth(random, outline) * SIDE), 1.0)]
    if random.random() < 0.7 or kind == "hood":
        layers.insert(0, _back_of_neck(random, neck, top, 0.11 if kind == "hood" else 0.03))
    return layers


def _garment_outline(random: Random, kind: str) -> tuple[np.ndarray, float, float]:
    """The outline, half the width of the neck, and where the shoulders begin."""

    def about(value: float, deviation: float = 0.03) -> float:
        return value + random.normal(0, deviation)

    shoulders, hem, top, bottom = about(0.25), about(0.23), about(0.16), about(0.86)
    neck = about(0.085, 0.012)
    lengths = {name: about(*sleeve) for name, sleeve in _SLEEVES.items()}  # all are drawn, whichever is worn
    sleeve = lengths.get(kind, 0)
    drop = about(0.05, 0.015)
    armpit = top + about(0.24, 0.02)
    angle = random.uniform(0.5, 1.45) if kind == "tee" else random.uniform(1.0, 1.5)
    width = about(0.13 if kind == "tee" else 0.085, 0.01)
    left, right = (_sleeve(hand, shoulders, top + drop, sleeve, angle, width, armpit) for hand in (-1, 1))
    outline = [(_MIDDLE - neck, top), *(left if sleeve else (left[0], left[3]))]
    outline += [(_MIDDLE - hem, bottom), (_MIDDLE, bottom + about(0.01, 0.008)), (_MIDDLE + hem, bottom)]
    outline += reversed(right if sleeve else (right[0], right[3]))
    outline += [
        (_MIDDLE + neck, top),
        (_MIDDLE + neck * 0.6, top + about(0.05, 0.015)),
        (_MIDDLE, top + about(0.07, 0.02)),
        (_MIDDLE - neck * 0.6, top + about(0.05, 0.015)),
    ]
    return np.array(outline), neck, top


def _sleeve(
    hand: int, shoulders: float, height: float, length: float, angle: float, width: float, armpit: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Shoulder, outer and inner end, armpit; `hand` is -1 on the left."""
    shoulder = np.array([_MIDDLE + hand * shoulders, height])
    end = shoulder + np.array([hand * np.cos(angle), np.sin(angle)]) * length
    across = np.array([-hand * np.sin(angle), np.cos(angle)]) * width
    return shoulder, end, end + across, np.array([_MIDDLE + hand * (shoulders - 0.02), armpit])


def _like_cloth(random: Random, outline: np.ndarray) -> np.ndarray:
    """Subdivide, shake, smooth."""
    shaken = outline + random.normal(0, 0.004, outline.shape)
    following = np.roll(shaken, -1, 0)
    steps = np.linspace(0, 1, 6, endpoint=False)[None, :, None]
    fine = (shaken[:, None] * (1 - steps) + following[:, None] * steps).reshape(-1, 2)
    wobble = random.normal(0, 0.006, fine.shape).astype(np.float32)
    fine = fine + cv2.GaussianBlur(wobble, (1, 5), 1.2)
    return (fine + np.roll(fine, 1, 0) + np.roll(fine, -1, 0)) / 3


def _back_of_neck(random: Random, neck: float, top: float, height: float) -> Layer:
    outline = [
        (_MIDDLE - neck, top),
        (_MIDDLE, top - height),
        (_MIDDLE + neck, top),
        (_MIDDLE + neck * 0.5, top + 0.07),
        (_MIDDLE - neck * 0.5, top + 0.07),
    ]
    return polygon(spline(outline) * SIDE), random.uniform(0.5, 0.9)


def product(random: Random) -> list[Layer]:
    """A mug, bottle, box, cap or bag."""
    return (_mug, _bottle, _box, _cap, _bag)[random.integers(0, 5)](random)


def _mug(random: Random) -> list[Layer]:
    width, height = random.uniform(0.16, 0.24), random.uniform(0.18, 0.26)
    hand = random.choice([-1, 1])
    line = int(random.uniform(0.02, 0.045) * SIDE)
    handle = ring(((_MIDDLE + hand * width) * SIDE, 0.5 * SIDE), (0.1 * SIDE, height * 0.6 * SIDE), (0, 360), line)
    top, bottom = 0.5 - height, 0.5 + height * 0.95
    body = [
        (_MIDDLE - width, top),
        (_MIDDLE - width, bottom),
        (_MIDDLE, 0.5 + height * 1.04),
        (_MIDDLE + width, bottom),
        (_MIDDLE + width, top),
        (_MIDDLE, top - 0.02),
    ]
    angles = np.arange(8) * 0.785
    opening = np.c_[np.cos(angles) * width, np.sin(angles) * width * 0.2] + (_MIDDLE, top)
    return [
        (handle, 0.9),
        (polygon(spline(body, 12) * SIDE), 1.0),
        (polygon(spline(opening) * SIDE), random.uniform(0.6, 0.95)),
    ]


def _bottle(random: Random) -> list[Layer]:
    body, neck = random.uniform(0.08, 0.14), random.uniform(0.025, 0.05)
    right = [(neck, 0.14), (neck, 0.3), (body, 0.42), (body, 0.9)]
    outline = [(_MIDDLE - x, y) for x, y in reversed(right)] + [(_MIDDLE + x, y) for x, y in right]
    cork = [(_MIDDLE - neck, 0.14), (_MIDDLE - neck, 0.08), (_MIDDLE + neck, 0.08), (_MIDDLE + neck, 0.14)]
    return [(polygon(np.array(outline) * SIDE), 1.0), (polygon(np.array(cork) * SIDE), 0.6)]


def _box(random: Random) -> list[Layer]:
    left, right, top, bottom = 0.25, random.uniform(0.55, 0.7), random.uniform(0.3, 0.4), 0.8
    depth, rise = random.uniform(0.06, 0.16), random.uniform(0.05, 0.12)
    front = [(left, top), (right, top), (right, bottom), (left, bottom)]
    end = [(right, top), (right + depth, top - rise), (right + depth, bottom - rise), (right, bottom)]
    lid = [(left, top), (left + depth, top - rise), (right + depth, top - rise), (right, top)]
    faces = ((front, 1.0), (end, 0.75), (lid, 1.15))
    return [(polygon(np.array(outline) * SIDE), light) for outline, light in faces]


def _cap(random: Random) -> list[Layer]:
    crown = [(0.28, 0.58), (0.3, 0.4), (0.48, 0.28), (0.66, 0.38), (0.7, 0.58), (0.5, 0.62)]
    tip = random.uniform(0.85, 0.97)
    brim = [(0.5, 0.56), (0.7, 0.55), (tip, 0.64), (tip - 0.03, 0.68), (0.6, 0.64)]
    return [(polygon(spline(crown) * SIDE), 1.0), (polygon(spline(brim) * SIDE), 0.8)]


def _bag(random: Random) -> list[Layer]:
    """A tote bag, or without its handle a card or a frame."""
    width, height = random.uniform(0.16, 0.28), random.uniform(0.2, 0.32)
    layers: list[Layer] = []
    if random.random() < 0.6:
        centre = (_MIDDLE * SIDE, (0.55 - height) * SIDE)
        layers.append((ring(centre, (width * 0.5 * SIDE, 0.17 * SIDE), (180, 360), 0.025 * SIDE), 0.9))
    corners = [
        (_MIDDLE - width, 0.55 - height),
        (_MIDDLE + width, 0.55 - height),
        (_MIDDLE + width * random.uniform(0.9, 1.05), 0.55 + height),
        (_MIDDLE - width * random.uniform(0.9, 1.05), 0.55 + height),
    ]
    layers.append((polygon(np.array(corners) * SIDE), 1.0))
    return layers
