"""Networks on held-out sets of packed pictures: `evaluate --set ecssd=npy/ecssd:250 MODEL.onnx...`.

A set is PREFIX.img.npy with masks of its own (PREFIX.msk.npy) or a teacher's (PREFIX.tch.npy). Printed are the mean
intersection over union at one half, the largest F-measure (beta squared 0.3) and the mean absolute error.
"""

from argparse import ArgumentParser
from pathlib import Path

import numpy as np

from research.training.pack import array_path
from research.training.teacher import load, predict


def stretched(chances: np.ndarray) -> np.ndarray:
    """To the full range, as the service does after the network."""
    return (chances - chances.min()) / max(float(np.ptp(chances)), 1e-6)


def overlap(chances: np.ndarray, mask: np.ndarray) -> float:
    found, wanted = chances > 0.5, mask > 0.5
    return float((found & wanted).sum() / max(1, (found | wanted).sum()))


def f_measure(chances: np.ndarray, masks: np.ndarray) -> float:
    """The largest over thresholds of the means over pictures; both BxHxW in 0 to 1."""
    wanted = masks > 0.5
    best = 0.0
    for threshold in np.linspace(0, 1, 52)[1:-1]:
        found = chances >= threshold
        hits = (found & wanted).sum((1, 2))
        precision = (hits / np.maximum(1, found.sum((1, 2)))).mean()
        recall = (hits / np.maximum(1, wanted.sum((1, 2)))).mean()
        best = max(best, float(1.3 * precision * recall / max(1e-6, 0.3 * precision + recall)))
    return best


def measured(model: Path, prefix: Path, count: int | None) -> str:
    pictures = np.load(array_path(prefix, "img"), mmap_mode="r")[:count]
    own = array_path(prefix, "msk")
    masks = np.load(own if own.exists() else array_path(prefix, "tch"), mmap_mode="r")[:count].astype(np.float32) / 255
    session = load(model, 1)
    chances = np.stack([stretched(predict(session, picture)) for picture in pictures])
    overlaps = [overlap(found, mask) for found, mask in zip(chances, masks, strict=True)]
    error = np.abs(chances - masks).mean()
    return f"{len(pictures)} pictures: {np.mean(overlaps):.3f} / {f_measure(chances, masks):.3f} / {error:.3f}"


def main() -> None:
    parser = ArgumentParser(description="Measure networks on held-out sets.")
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--set", action="append", required=True, metavar="NAME=PREFIX[:COUNT]", dest="sets")
    given = parser.parse_args()
    for item in given.sets:
        name, _, place = item.partition("=")
        prefix, _, count = place.partition(":")
        for model in given.models:
            print(name, model, measured(model, Path(prefix), int(count) if count else None), flush=True)


if __name__ == "__main__":
    main()
