"""Drawn pictures with exact masks: garments with prints, products, logos, lettering and stickers in a studio.

The same seed, fonts and logos give the same pictures.
"""

from argparse import ArgumentParser
from pathlib import Path

import cv2
import numpy as np

from research.training import pack
from research.training.artwork import Materials, artwork, ink
from research.training.garments import garment, product
from research.training.shapes import SIDE, paint
from research.training.studio import Random, background, cloud, shadow

FONTS = Path("/usr/share/fonts/truetype")
_WHITE = np.full(3, 255, np.float32)


def fit(
    random: Random, picture: np.ndarray, alpha: np.ndarray, smallest: float, largest: float
) -> tuple[np.ndarray, np.ndarray]:
    """Move the subject about, turn it a little, and let it span between these shares of the side."""
    side = picture.shape[0]
    rows, columns = np.nonzero(alpha > 0.1)
    if len(rows) == 0:
        return picture, alpha
    middle = (columns.min() + columns.max()) / 2, (rows.min() + rows.max()) / 2
    span = max(np.ptp(columns), np.ptp(rows)) + 1
    scale = random.uniform(smallest, largest) * side / span
    angle = random.normal(0, 0.12)
    place = np.float32(
        [[scale * np.cos(angle), -scale * np.sin(angle), 0], [scale * np.sin(angle), scale * np.cos(angle), 0]]
    )
    room = max(0.0, side - span * scale) / 2
    place[:, 2] = side / 2 + random.uniform(-room, room, 2) * 0.8 - place[:, :2] @ middle
    return (
        cv2.warpAffine(picture, place, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        cv2.warpAffine(alpha, place, (side, side), flags=cv2.INTER_LINEAR),
    )


def draw(random: Random, materials: Materials, *, art: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """A picture and its mask, uint8, at the size of the packed arrays; `art`: only what is printed on goods."""
    kind = random.uniform(0.5 if art else 0, 1)
    if kind < 0.5:
        ground, picture, alpha = _goods(random, materials, clothes=kind < 0.34)
    else:
        ground, picture, alpha = _print(random, materials)
    mixed = np.clip(ground * (1 - alpha[..., None]) + picture * alpha[..., None], 0, 255)
    size = (pack.SIDE, pack.SIDE)
    mixed, alpha = (cv2.resize(array, size, interpolation=cv2.INTER_AREA) for array in (mixed, alpha))
    return mixed.astype(np.uint8), np.clip(alpha * 255 + 0.5, 0, 255).astype(np.uint8)


def _goods(random: Random, materials: Materials, *, clothes: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A garment or product, often printed on; background, picture and alpha."""
    colour = ink(random)
    layers = garment(random) if clothes else product(random)
    picture, alpha = np.zeros((SIDE, SIDE, 3), np.float32) + colour, np.zeros((SIDE, SIDE), np.float32)
    folds = _folds(random)
    second = ink(random)
    for mask, light in layers:
        cloth = colour * light * folds
        if colour.mean() <= 25:  # black cloth shows its folds by what it reflects
            cloth = colour + 18 * (light - 1) + 60 * (folds - 1) + 8
        if random.random() < 0.12:
            stripes = (np.arange(SIDE) // int(random.integers(8, 40))) % 2 == 0
            cloth = np.where(stripes[:, None, None], cloth, second * folds)
        seam = np.clip(mask - cv2.GaussianBlur(mask, (0, 0), 5), 0, 1)[..., None]
        paint(picture, mask, cloth - seam * random.uniform(0, 60))
        alpha = np.maximum(alpha, mask)
    if random.random() < 0.65:
        _print_on(random, materials, picture, alpha, colour, folds)
    picture, alpha = fit(random, picture, alpha, 0.45, 0.98)
    ground = background(random, SIDE)
    if random.random() < 0.12:
        ground = _hardly_different(random, colour)
    if random.random() < 0.6:
        ground = ground * (1 - shadow(random, alpha, SIDE)[..., None])
    return ground, picture, alpha


def _folds(random: Random) -> np.ndarray:
    """Light and shade of cloth around 1, with the light from one side."""
    wide = cloud(random, SIDE, int(random.integers(3, 9)), random.uniform(0.02, 0.1))
    narrow = cloud(random, SIDE, int(random.integers(8, 22)), random.uniform(0, 0.05))
    across = np.linspace(-1, 1, SIDE, dtype=np.float32)[None, :, None]
    return 1 + wide + narrow + across * random.uniform(-0.2, 0.2)


def _print_on(
    random: Random, materials: Materials, picture: np.ndarray, alpha: np.ndarray, colour: np.ndarray, folds: np.ndarray
) -> None:
    radius = SIDE * random.uniform(0.05, 0.13)
    print_, mask = artwork(random, SIDE, radius, materials, colour)
    move = np.float32([[1, 0, random.normal(0, 0.02) * SIDE], [0, 1, random.uniform(-0.12, 0.08) * SIDE]])
    print_, mask = (cv2.warpAffine(array, move, (SIDE, SIDE)) for array in (print_, mask))
    paint(picture, mask * alpha, print_ * (folds if random.random() < 0.7 else 1))


def _hardly_different(random: Random, colour: np.ndarray) -> np.ndarray:
    """A background in almost the colour of the goods."""
    background(random, SIDE)  # not used, but its draws are part of what a seed stands for
    step = random.choice([-1, 1]) * random.uniform(10, 30)
    plain = np.zeros((SIDE, SIDE, 3), np.float32) + colour + step
    return np.clip(plain + cloud(random, SIDE, 3, 4), 0, 255)


def _print(random: Random, materials: Materials) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Artwork by itself, sometimes as a sticker with a rim; background, picture and alpha."""
    ground = background(random, SIDE)
    behind = ground.mean((0, 1))
    picture, alpha = artwork(random, SIDE, SIDE * 0.3, materials, behind)
    if random.random() >= 0.25:
        return ground, *fit(random, picture, alpha, 0.3, 0.97)
    rim_pixels = int(random.integers(4, 18))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim_pixels + 1,) * 2)
    outline = cv2.GaussianBlur(cv2.dilate(alpha, disc), (0, 0), 1.5)
    rim = _WHITE if np.abs(behind - 255).max() > 25 or random.random() < 0.4 else ink(random)
    picture = picture * alpha[..., None] + rim * (1 - alpha[..., None])
    alpha = np.maximum(outline, alpha)
    shaded = random.random() < 0.7
    picture, alpha = fit(random, picture, alpha, 0.35, 0.95)
    if shaded:
        ground = ground * (1 - shadow(random, alpha, SIDE)[..., None])
    return ground, picture, alpha


def main() -> None:
    parser = ArgumentParser(description="Draw pictures with exact masks.")
    parser.add_argument("prefix", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("--logos", type=Path, help="a folder of pictures of logos")
    parser.add_argument("--art", action="store_true", help="only lettering, badges and stickers")
    given = parser.parse_args()
    random, materials = np.random.default_rng(given.seed), Materials.find(FONTS, given.logos)
    pictures = pack.create(given.prefix, "img", (given.count, pack.SIDE, pack.SIDE, 3))
    masks = pack.create(given.prefix, "msk", (given.count, pack.SIDE, pack.SIDE))
    done = skipped = 0
    while done < given.count:
        try:
            picture, mask = draw(random, materials, art=given.art)
        except (ValueError, cv2.error, OSError):  # a broken logo, a font without letters
            skipped += 1
            continue
        if 0.01 < (mask > 127).mean() < 0.93:
            pictures[done], masks[done] = picture, mask
            done += 1
            if done % 500 == 0:
                print(done, flush=True)
    for kind, array in (("img", pictures), ("msk", masks)):
        array.flush()
        pack.finish(given.prefix, kind, done)
    print(f"{given.prefix}: {done} drawn, {skipped} skipped")


if __name__ == "__main__":
    main()
