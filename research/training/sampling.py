"""Batches for training: a packed picture, moved and recoloured, or its subject put into a studio.

As in studio.py, everything is drawn from `random` in a fixed order.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from research.training import stickers
from research.training.pack import array_path
from research.training.studio import Random, background, shadow
from research.training.teacher import DEVIATION, MEAN

HELD_OUT = 200  # last rows of duts, never trained on
COMPOSITES = 0.12  # share of samples put into a studio
PHOTOGRAPHS = ("duts", "clothing")
STICKERS = ("emoji", "ring")  # drawings with alpha
DRAWN_LOOK = {"emoji": 0.3, "ring": 0.05, "duts": 0.08}  # share that is made to look drawn
ON_PHOTOGRAPHS = {"emoji": 0.0, "ring": 0.2}


class Sources:
    """Packed arrays in `root`, drawn from by weight. Those that are not there are left out."""

    def __init__(self, root: Path, weights: Mapping[str, float]) -> None:
        split = json.loads((root / "split.json").read_text())
        self._rows = {name: rows for name in weights if (rows := _rows(root / name, split)) is not None}
        self._pictures = {name: np.load(_picture_path(root / name), mmap_mode="r") for name in self._rows}
        self._masks = {name: np.load(_mask_path(root / name), mmap_mode="r") for name in self._rows}
        self.names = list(self._rows)
        given = np.array([weights[name] for name in self.names], float)
        self._weights = given / given.sum()

    def pick(self, random: Random, names: Sequence[str] | None = None) -> tuple[str, np.ndarray, np.ndarray]:
        """Name of the source, picture and mask; from one of `names`, or by weight."""
        if names is None:
            name = self.names[random.choice(len(self.names), p=self._weights)]
        else:
            name = names[random.integers(len(names))]
        row = self._rows[name][random.integers(len(self._rows[name]))]
        return name, self._pictures[name][row], self._masks[name][row]

    def share(self, names: Sequence[str]) -> float:
        """How many samples come from these."""
        return float(sum(self._weights[self.names.index(name)] for name in names if name in self.names))


def _picture_path(prefix: Path) -> Path:
    return array_path(prefix, "rgba" if prefix.name in STICKERS else "img")


def _mask_path(prefix: Path) -> Path:
    """Stickers have their mask in their own alpha."""
    if prefix.name in STICKERS:
        return _picture_path(prefix)
    own = array_path(prefix, "msk")
    return own if own.exists() else array_path(prefix, "tch")


def _rows(prefix: Path, split: Mapping[str, Sequence[int]]) -> np.ndarray | None:
    """The rows to train on: all with masks of their own, or those the teacher was sure of and the split allows."""
    pictures, good = _picture_path(prefix), array_path(prefix, "tch.good")
    if not pictures.exists():
        return None
    if prefix.name in STICKERS:
        return np.arange(len(np.load(pictures, mmap_mode="r")))
    if array_path(prefix, "msk").exists():
        held_out = HELD_OUT if prefix.name == "duts" else 0
        return np.arange(len(np.load(pictures, mmap_mode="r")) - held_out)
    if not good.exists():
        return None
    rows = np.load(good)
    allowed = split.get(f"{prefix.name}_train")
    rows = rows if allowed is None else np.intersect1d(rows, allowed)
    return rows if len(rows) else None


def placement(
    random: Random, side: int, wanted: int, zoom: tuple[float, float] = (0.62, 1.12), tilt: float = 0.12
) -> np.ndarray:
    """An affine map from `side` to `wanted` pixels: mirrored, scaled, stretched, sometimes turned, and moved about."""
    mirror = -1.0 if random.random() < 0.5 else 1.0
    scale = wanted / side / random.uniform(*zoom)
    stretch = np.exp(random.uniform(-0.15, 0.15))
    angle = random.normal(0, tilt) if random.random() < 0.4 else 0.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.diag([mirror * scale * stretch, scale / stretch])
    room = abs(side * scale - wanted) / 2 + 0.03 * wanted
    middle, target = np.full(2, side / 2), np.full(2, wanted / 2)
    offset = target + random.uniform(-room, room, 2) - linear @ middle
    return np.float32(np.c_[linear, offset])


def recolour(random: Random, picture: np.ndarray) -> np.ndarray:
    """Other light, other camera: contrast, saturation, tint, blur, noise, gamma, JPEG."""
    pixels = picture.astype(np.float32)
    if random.random() < 0.7:
        pixels = (pixels - 128) * random.uniform(0.65, 1.35) + 128 + random.uniform(-35, 35)
    if random.random() < 0.4:
        grey = pixels.mean(2, keepdims=True)
        pixels = grey + (pixels - grey) * random.uniform(0, 1.6)
    if random.random() < 0.3:
        pixels = pixels * (1 + random.normal(0, 0.08, 3).astype(np.float32))
    if random.random() < 0.15:
        pixels = pixels[..., random.permutation(3)]
    if random.random() < 0.12:
        pixels = cv2.GaussianBlur(pixels, (0, 0), float(random.uniform(0.4, 1.6)))
    if random.random() < 0.12:
        grain = random.normal(0, random.uniform(1, 10), (*pixels.shape[:2], 1))
        pixels = pixels + grain.astype(np.float32)
    return _developed(random, np.clip(pixels, 0, 255))


def _developed(random: Random, pixels: np.ndarray) -> np.ndarray:
    if random.random() < 0.12:
        pixels = 255 * (pixels / 255) ** np.float32(np.exp(random.uniform(-0.5, 0.5)))
    pixels = np.ascontiguousarray(pixels.astype(np.uint8))
    if random.random() < 0.2:
        quality = int(random.integers(25, 90))
        pixels = cv2.imdecode(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1)
    return pixels


def sample(sources: Sources, random: Random, side: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture, uint8 SxSx3, and its mask, 0 to 1."""
    name, picture, mask = sources.pick(random)
    if name in STICKERS:
        photo = sources.pick(random, ["duts"])[1]
        picture, alpha = stickers.on_ground(random, picture, side, photo, ON_PHOTOGRAPHS[name])
        return recolour(random, _drawn(random, picture, name)), alpha
    if name in PHOTOGRAPHS and random.random() < COMPOSITES / max(1e-6, sources.share(PHOTOGRAPHS)):
        composite = _in_studio(sources, random, picture, mask, side)
        if composite is not None:
            return composite
    placed = placement(random, picture.shape[0], side, (0.7, 1.1))
    border = cv2.BORDER_REPLICATE if name == "synth" else cv2.BORDER_REFLECT_101
    picture, mask = (
        cv2.warpAffine(array, placed, (side, side), flags=cv2.INTER_LINEAR, borderMode=border)
        for array in (picture, mask)
    )
    return recolour(random, _drawn(random, picture, name)), mask.astype(np.float32) / 255


def _drawn(random: Random, picture: np.ndarray, name: str) -> np.ndarray:
    return stickers.drawn_look(random, picture) if random.random() < DRAWN_LOOK.get(name, 0) else picture


def _in_studio(
    sources: Sources, random: Random, picture: np.ndarray, mask: np.ndarray, side: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """The subject alone on a drawn background; None where it is too small or too large for that."""
    alpha = np.clip((mask.astype(np.float32) / 255 - 0.3) / 0.5, 0, 1)
    if not 0.02 < alpha.mean() < 0.6:
        return None
    placed = placement(random, picture.shape[0], side, (0.7, 1.35), 0.2)
    subject = cv2.warpAffine(picture, placed, (side, side), flags=cv2.INTER_LINEAR).astype(np.float32)
    alpha = cv2.warpAffine(alpha, placed, (side, side))
    if alpha.mean() <= 0.015:
        return None
    ground = background(random, side, sources.pick(random, ["duts"])[1])
    dark = shadow(random, alpha, side)[..., None] if random.random() < 0.5 else 0
    mixed = subject * alpha[..., None] + ground * (1 - dark) * (1 - alpha[..., None])
    return recolour(random, mixed), alpha


def normalise(pictures: np.ndarray) -> np.ndarray:
    """As the service does: each by its brightest value, then mean and deviation."""
    pixels = pictures.astype(np.float32)
    brightest = pixels.reshape(len(pixels), -1).max(1).reshape(-1, 1, 1, 1)
    return (pixels / np.maximum(brightest, 1e-6) - MEAN) / DEVIATION


def batch(sources: Sources, random: Random, size: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Network inputs Bx3xSxS and masks Bx1xSxS."""
    pictures, masks = zip(*(sample(sources, random, side) for _ in range(size)), strict=True)
    return normalise(np.stack(pictures)).transpose(0, 3, 1, 2).copy(), np.stack(masks)[:, None]
