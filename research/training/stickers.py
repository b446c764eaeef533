"""Drawings with alpha: packed from a folder, and put on a background while sampling.

PREFIX.rgba.npy holds them. What they enclose without covering it is background and shows through.
"""

from argparse import ArgumentParser
from pathlib import Path

import cv2
import numpy as np

from research.training.pack import array_path
from research.training.studio import Random, background, random_colour, shadow

SIDE = 256
SKIN_TONES = ("1f3fb", "1f3fc", "1f3fe", "1f3ff")  # one of the five variants of an emoji is enough
_SMALLEST, _LARGEST = 0.08, 0.97  # opaque share
_DIFFERENT = 45  # mean colour of ink and ground, in one channel


def on_ground(
    random: Random, sticker: np.ndarray, side: int, photo: np.ndarray, photographs: float
) -> tuple[np.ndarray, np.ndarray]:
    """RGB and alpha; `photographs` is how often the ground is the photo, softened and drawn towards one colour."""
    colours, alpha = _placed(random, sticker, side)
    solid = alpha > 0.8
    ink = colours[solid].mean(0) if solid.any() else np.zeros(3)
    for _ in range(5):
        ground = _softened(random, photo, side) if random.random() < photographs else background(random, side, photo)
        if np.abs(ground.mean((0, 1)) - ink).max() > _DIFFERENT:
            break
    shaded = random.random() < (0.15 if photographs else 0.35)
    dark = shadow(random, alpha, side)[..., None] if shaded else 0
    mixed = colours * alpha[..., None] + ground * (1 - dark) * (1 - alpha[..., None])
    return mixed.clip(0, 255).astype(np.uint8), alpha


def _placed(random: Random, sticker: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Cropped, scaled, stretched, sometimes mirrored, and put somewhere."""
    rows, columns = (np.flatnonzero(np.any(sticker[..., 3] > 8, axis)) for axis in (1, 0))
    cropped = sticker[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale, stretch = side * random.uniform(0.35, 0.95) / max(cropped.shape[:2]), np.exp(random.uniform(-0.25, 0.25))
    height = min(side, max(8, int(cropped.shape[0] * scale / stretch)))
    width = min(side, max(8, int(cropped.shape[1] * scale * stretch)))
    if random.random() < 0.5:
        cropped = cropped[:, ::-1]
    method = cv2.INTER_AREA if height < cropped.shape[0] else cv2.INTER_CUBIC
    sized = cv2.resize(np.ascontiguousarray(cropped), (width, height), interpolation=method).astype(np.float32)
    top, left = random.integers(0, side - height + 1), random.integers(0, side - width + 1)
    field = np.zeros((side, side, 4), np.float32)
    field[top : top + height, left : left + width] = sized
    return field[..., :3], field[..., 3] / 255


def _softened(random: Random, photo: np.ndarray, side: int) -> np.ndarray:
    share = random.uniform(0.35, 0.9)
    soft = cv2.GaussianBlur(cv2.resize(photo, (side, side)).astype(np.float32), (0, 0), float(random.uniform(0.8, 7)))
    return np.clip(soft * share + random_colour(random) * (1 - share), 0, 255)


def drawn_look(random: Random, picture: np.ndarray) -> np.ndarray:
    """A photograph as a drawing: smoothed, in few tones, with dark lines."""
    smooth = cv2.medianBlur(picture, 5) if random.random() < 0.5 else cv2.bilateralFilter(picture, 7, 70, 7)
    grey, step = cv2.cvtColor(smooth, cv2.COLOR_RGB2GRAY), 255.0 / float(random.integers(4, 11))
    if random.random() < 0.75:
        smooth = (np.floor(smooth / step) * step + step / 2).clip(0, 255).astype(np.uint8)
    if random.random() < 0.8:
        threshold = int(random.integers(3, 9))
        mean = cv2.ADAPTIVE_THRESH_MEAN_C
        lines = cv2.adaptiveThreshold(cv2.medianBlur(grey, 3), 255, mean, cv2.THRESH_BINARY_INV, 7, threshold)
        smooth = smooth.copy()
        smooth[lines > 0] = random.integers(0, 70, 3)
    if random.random() < 0.4:
        hsv = cv2.cvtColor(smooth, cv2.COLOR_RGB2HSV).astype(np.int32)
        hsv[..., 1] = hsv[..., 1] * random.uniform(1, 1.8)
        smooth = cv2.cvtColor(hsv.clip(0, 255).astype(np.uint8), cv2.COLOR_HSV2RGB)
    return smooth


def main() -> None:
    parser = ArgumentParser(description="Pack a folder of WebP drawings with alpha.")
    parser.add_argument("prefix", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    kept = []
    for path in sorted(given.folder.glob("*.webp")):
        drawing = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if any(tone in path.name for tone in SKIN_TONES) or drawing is None or drawing.shape[2:] != (4,):
            continue
        if _SMALLEST < (drawing[..., 3] > 128).mean() < _LARGEST:
            kept.append(cv2.resize(drawing, (SIDE, SIDE), interpolation=cv2.INTER_AREA)[..., [2, 1, 0, 3]])
    np.save(array_path(given.prefix, "rgba"), np.stack(kept))
    print(f"{given.prefix}: {len(kept)} kept")


if __name__ == "__main__":
    main()
