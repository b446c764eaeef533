"""How much of a print in the colour of the ground is kept on garments and products: `prints MODEL.onnx...`.

The opposite of rings.py: this lettering is opaque and must stay.
"""

from argparse import ArgumentParser
from pathlib import Path

import cv2
import numpy as np

from research.training import marks, pack, rings
from research.training.artwork import ink
from research.training.evaluate import overlap, stretched
from research.training.garments import garment, product
from research.training.shapes import SIDE, centred, paint
from research.training.studio import Random, cloud
from research.training.teacher import load, predict

COUNT, SEED = 30, 99
_LIGHT = 200  # cloth this light is left out: the print would not be seen


def scene(random: Random, *, clothes: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Picture, alpha of the goods and where the print is; None where the cloth is too light or the print too small."""
    colour = ink(random)
    if colour.mean() > _LIGHT:
        return None
    picture, alpha = np.zeros((SIDE, SIDE, 3), np.float32) + colour, np.zeros((SIDE, SIDE), np.float32)
    folds = 1 + cloud(random, SIDE, 6, 0.06)
    for mask, light in garment(random) if clothes else product(random):
        paint(picture, mask, colour * light * folds)
        alpha = np.maximum(alpha, mask)
    ground = np.full(3, random.integers(240, 256), np.float32)
    letters = marks.text(random, rings.fonts(held_out=False), 150, 90, bold=True)
    printed = centred(SIDE, letters, SIDE / 2, SIDE / 2 + 10) * alpha
    paint(picture, printed, ground)
    mixed = np.clip(ground * (1 - alpha[..., None]) + picture * alpha[..., None], 0, 255)
    size = (pack.SIDE, pack.SIDE)
    mixed, alpha, printed = (cv2.resize(array, size, interpolation=cv2.INTER_AREA) for array in (mixed, alpha, printed))
    return (mixed.astype(np.uint8), alpha, printed > 0.9) if (printed > 0.9).sum() >= 100 else None


def scenes(*, clothes: bool) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    random = np.random.default_rng(SEED)
    found = []
    while len(found) < COUNT:
        made = scene(random, clothes=clothes)
        if made:
            found.append(made)
    return found


def main() -> None:
    parser = ArgumentParser(description="Measure how much of a print is kept.")
    parser.add_argument("models", type=Path, nargs="+")
    for model in parser.parse_args().models:
        session = load(model, 1)
        for clothes in (True, False):
            kept, overlaps = [], []
            for picture, alpha, printed in scenes(clothes=clothes):
                chances = stretched(predict(session, picture))
                kept.append(chances[printed].mean())
                overlaps.append(overlap(chances, alpha))
            kind = "garments" if clothes else "products"
            print(f"{model} {kind}: alpha of the print {np.mean(kept):.3f}, overlap {np.mean(overlaps):.3f}")


if __name__ == "__main__":
    main()
