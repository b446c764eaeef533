"""Drawings that enclose background (counters, rings, outlined text, badges with holes), with exact alpha.

    rings PREFIX COUNT SEED                          RGBA drawings to train on: PREFIX.rgba.npy
    rings PREFIX COUNT SEED --test PHOTOS.img.npy    put on grounds, in other fonts: PREFIX.img.npy and PREFIX.msk.npy

One in seven is the opposite: enclosed and opaque, in a colour of its own.
"""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from research.training import marks, pack
from research.training.artwork import ink
from research.training.marks import MIDDLE, disc, middle_text, outline, ring
from research.training.shapes import SIDE, centred, emblem
from research.training.studio import Random, background, cloud, random_colour

FONTS = Path("/usr/share/fonts")
_NO_LETTERS = ("Symbol", "Emoji", "Dingbat", "D050", "Standard", "Fallback", "MathTeX")
_HELD_OUT = ("URWGothic", "C059", "Bookman", "SansNarrow-Bold")  # fonts of the test only
_DIFFERENT = 50


class Drawing:
    """Colours, 0 to 255, and alpha, 0 to 1, of SIDE pixels."""

    def __init__(self, colour: np.ndarray) -> None:
        self.colours = np.zeros((SIDE, SIDE, 3), np.float32) + colour
        self.alpha = np.zeros((SIDE, SIDE), np.float32)

    def lay(self, mask: np.ndarray, colour: np.ndarray) -> None:
        """Put a mark over what is there."""
        if self.alpha.any():
            share = (np.clip(mask / np.maximum(1e-4, np.maximum(mask, self.alpha)), 0, 1) * mask)[..., None]
            self.colours = np.where((mask > 0)[..., None], self.colours * (1 - share) + colour * share, self.colours)
        else:
            self.colours[mask > 0] = colour
        self.alpha = np.maximum(self.alpha, mask)

    def move(self, place: np.ndarray) -> None:
        self.alpha = cv2.warpAffine(self.alpha, place, (SIDE, SIDE), flags=cv2.INTER_AREA)
        self.colours = cv2.warpAffine(self.colours, place, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)


def fonts(*, held_out: bool) -> list[str]:
    files = sorted(str(path) for kind in ("ttf", "otf") for path in FONTS.rglob(f"*.{kind}"))
    letters = (file for file in files if not any(word in file for word in _NO_LETTERS))
    return [file for file in letters if any(word in file for word in _HELD_OUT) is held_out]


def other(random: Random, colour: np.ndarray) -> np.ndarray:
    for _ in range(8):
        found = ink(random)
        if np.abs(found - colour).max() > _DIFFERENT:
            return found
    return 255 - colour


def draw(random: Random, faces: Sequence[str]) -> Drawing:
    colour = ink(random)
    second = other(random, colour) if random.random() < 0.35 else colour
    drawing, kind = Drawing(colour), random.random()
    if kind < 0.30:
        drawing.alpha = middle_text(random, faces, random.uniform(380, 600), random.uniform(150, 560))
    elif kind < 0.42:
        drawing.alpha = _outlined(random, faces)
    elif kind < 0.60:
        _rings(random, faces, drawing, second)
    elif kind < 0.74:
        drawing.alpha = _badge(random, faces)
    elif kind < 0.86:
        drawing.alpha = marks.symbol(random)
    else:
        _opaque(random, faces, drawing, colour)
    if kind < 0.86 and random.random() < 0.35:
        _name_below(random, faces, drawing, second)
    _colour(random, drawing)
    if random.random() < 0.3:
        turn = np.degrees(random.normal(0, 0.25))
        drawing.move(cv2.getRotationMatrix2D((MIDDLE, MIDDLE), turn, random.uniform(0.75, 0.95)))
    return drawing


def _outlined(random: Random, faces: Sequence[str]) -> np.ndarray:
    letters = middle_text(random, faces, random.uniform(400, 560), random.uniform(220, 540), bold=True)
    width = int(random.integers(3, 13))
    around = random.random() < 0.7
    return np.clip(cv2.dilate(letters, disc(width)) - letters, 0, 1) if around else outline(letters, width)


def _rings(random: Random, faces: Sequence[str], drawing: Drawing, second: np.ndarray) -> None:
    """One or two rings with a word, a shape or text around inside."""
    radius = random.uniform(200, 290)
    width = random.uniform(8, 70) if random.random() < 0.7 else random.uniform(4, 14)
    hollow = random.random() < 0.6
    shape = ring(random, radius, width) if hollow else emblem(random, SIDE, MIDDLE, MIDDLE, radius)
    drawing.alpha = shape if hollow else outline(shape, int(width / 2) + 2)
    if random.random() < 0.4:
        drawing.lay(ring(random, radius - width - random.uniform(12, 60), random.uniform(4, 30)), second)
    if random.random() < 0.6:
        word = random.random() < 0.6
        size = radius * random.uniform(0.7, 1.15), radius * random.uniform(0.5, 1)
        small = radius * random.uniform(0.2, 0.5)
        inner = middle_text(random, faces, *size) if word else emblem(random, SIDE, MIDDLE, MIDDLE, small)
        drawing.lay(inner, second)
    elif random.random() < 0.4:
        drawing.lay(marks.circling_text(random, faces, radius * 0.68, radius * 0.3), second)


def _badge(random: Random, faces: Sequence[str]) -> np.ndarray:
    """A shape with lettering, a line or another shape knocked out."""
    radius = random.uniform(220, 300)
    shape = emblem(random, SIDE, MIDDLE, MIDDLE, radius)
    size = radius * random.uniform(0.8, 1.35), radius * random.uniform(0.4, 0.9)
    holes = middle_text(random, faces, *size, bold=True)
    if random.random() < 0.3:
        line = outline(cv2.erode(shape, disc(int(random.integers(10, 26)))), int(random.integers(3, 10)))
        holes = np.maximum(holes, line)
    if random.random() < 0.25:
        above = emblem(random, SIDE, MIDDLE + random.normal(0, 60), MIDDLE - radius * 0.5, radius * 0.25)
        holes = np.maximum(holes, above)
    return np.clip(shape - holes, 0, 1)


def _opaque(random: Random, faces: Sequence[str], drawing: Drawing, colour: np.ndarray) -> None:
    radius = random.uniform(200, 290)
    shape, inner = emblem(random, SIDE, MIDDLE, MIDDLE, radius), colour
    drawing.lay(shape, colour)
    if random.random() < 0.7:
        inner = other(random, colour)
        drawing.lay(cv2.erode(shape, disc(int(random.integers(5, 40)))), inner)
    drawing.lay(middle_text(random, faces, radius * 1.1, radius * 0.6), other(random, inner))


def _name_below(random: Random, faces: Sequence[str], drawing: Drawing, colour: np.ndarray) -> None:
    """A word mark: the drawing, smaller, and a line of text under it."""
    name = marks.text(random, faces, 600, random.uniform(70, 150))
    if not (drawing.alpha > 0.1).any():
        return
    scale = (SIDE - 40 - name.shape[0]) / SIDE * random.uniform(0.75, 1)
    drawing.move(np.float32([[scale, 0, MIDDLE * (1 - scale)], [0, scale, 0]]))
    lowest = np.flatnonzero(drawing.alpha.max(1) > 0.1)[-1]
    y = min(SIDE - name.shape[0] / 2 - 2, lowest + name.shape[0] / 2 + random.uniform(6, 40))
    placed = centred(SIDE, name, MIDDLE, y)
    drawing.colours[placed > 0] = colour
    drawing.alpha = np.maximum(drawing.alpha, placed)


def _colour(random: Random, drawing: Drawing) -> None:
    """Sometimes graded, striped or blotched ink."""
    if random.random() < 0.25:
        if random.random() < 0.6:
            along = np.linspace(0, 1, SIDE, dtype=np.float32)
            share = (along[None, :] if random.random() < 0.5 else along[:, None])[..., None]
            graded = drawing.colours * 0.3 + ink(random) * 0.7
            drawing.colours = drawing.colours * (1 - share) + graded * share
        else:
            for stripe in np.array_split(np.arange(SIDE), int(random.integers(2, 7))):
                drawing.colours[:, stripe] = drawing.colours[:, stripe] * 0.15 + ink(random) * 0.85
    if random.random() < 0.12:
        drawing.colours = drawing.colours + cloud(random, SIDE, int(random.integers(3, 40)), random.uniform(5, 30))


def drawn(random: Random, faces: Sequence[str]) -> np.ndarray | None:
    """RGBA of the packed size; None where the drawing is too small or covers nearly everything."""
    drawing = draw(random, faces)
    rgba = np.dstack([np.clip(drawing.colours, 0, 255), np.clip(drawing.alpha, 0, 1) * 255])
    rgba = cv2.resize(rgba, (pack.SIDE, pack.SIDE), interpolation=cv2.INTER_AREA)
    return rgba if 0.01 < (rgba[..., 3] > 127).mean() < 0.9 else None


def composed(random: Random, rgba: np.ndarray, photos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Picture and mask of the test: the drawing somewhere on a ground that differs from its ink."""
    side, scale = pack.SIDE, random.uniform(0.5, 0.95)
    room = side * (1 - scale) / 2
    offset = room * (1 + 0.8 * random.uniform(-1, 1, 2))
    place = np.float32(np.c_[np.eye(2) * scale, offset])
    alpha = cv2.warpAffine(rgba[..., 3] / 255, place, (side, side), flags=cv2.INTER_AREA)
    colours = cv2.warpAffine(rgba[..., :3], place, (side, side), borderMode=cv2.BORDER_REPLICATE)
    for _ in range(20):
        ground = _softened(random, photos) if random.random() < 0.2 else background(random, side)
        if np.abs(ground.mean((0, 1)) - colours[alpha > 0.7].mean(0)).max() > 60:
            break
    mixed = colours * alpha[..., None] + ground * (1 - alpha[..., None])
    return mixed.clip(0, 255).astype(np.uint8), (alpha * 255).round().astype(np.uint8)


def _softened(random: Random, photos: np.ndarray) -> np.ndarray:
    share, photo = random.uniform(0.35, 0.9), photos[-1 - random.integers(200)].astype(np.float32)
    return cv2.GaussianBlur(photo, (0, 0), float(random.uniform(1, 6))) * share + random_colour(random) * (1 - share)


def main() -> None:
    parser = ArgumentParser(description="Draw what encloses background.")
    parser.add_argument("prefix", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("--test", type=Path, metavar="PHOTOS.img.npy")
    given = parser.parse_args()
    random, faces = np.random.default_rng(given.seed), fonts(held_out=given.test is not None)
    rows: list[np.ndarray] = []
    while len(rows) < given.count:
        try:
            found = drawn(random, faces)
        except (ValueError, cv2.error, OSError):  # a font without these letters
            continue
        if found is not None:
            rows.append(found)
    if not given.test:
        np.save(pack.array_path(given.prefix, "rgba"), np.stack(rows).round().astype(np.uint8))
        return
    photos = np.load(given.test, mmap_mode="r")
    pictures, masks = zip(*(composed(random, row, photos) for row in rows), strict=True)
    np.save(pack.array_path(given.prefix, "img"), np.stack(pictures))
    np.save(pack.array_path(given.prefix, "msk"), np.stack(masks))


if __name__ == "__main__":
    main()
