"""Drop pictures whose teacher was unsure: PREFIX.tch.good.npy holds the numbers of the rows to keep.

A mask is kept when the subject covers 3 to 92 % of the picture and the half-hearted part is less than 22 % of it.
"""

from argparse import ArgumentParser
from pathlib import Path

import numpy as np

from research.training.pack import array_path

SMALLEST, LARGEST = 0.03, 0.92
MOST_UNSURE = 0.22


def sure(mask: np.ndarray) -> bool:
    subject = (mask > 127).mean()
    unsure = ((mask > 50) & (mask < 205)).mean()
    return SMALLEST < subject < LARGEST and unsure / subject < MOST_UNSURE


def main() -> None:
    parser = ArgumentParser(description="Keep the pictures whose teacher was sure.")
    parser.add_argument("prefix", type=Path)
    prefix = parser.parse_args().prefix
    masks = np.load(array_path(prefix, "tch"), mmap_mode="r")
    done = np.flatnonzero(np.load(array_path(prefix, "tch.ok")))
    kept = [row for row in done if sure(masks[row])]
    np.save(array_path(prefix, "tch.good"), np.array(kept, np.int64))
    print(f"{prefix}: {len(kept)} of {len(done)} kept")


if __name__ == "__main__":
    main()
