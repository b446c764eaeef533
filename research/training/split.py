"""Which clothing photographs are held out: whole senders, so that no wardrobe is in both parts.

Copies the pictures of the Clothing dataset by A. Grigorev into FOLDER-hold and FOLDER-train.
"""

import csv
import shutil
from argparse import ArgumentParser
from collections import defaultdict
from pathlib import Path

import numpy as np

HELD_OUT, TRAINED = 201, 1_900  # pictures at most
FROM_EACH = 12  # held-out sender
_UNUSABLE = ("Not sure", "Skip", "Other")


def chosen(pictures: Path, table: Path) -> tuple[list[str], list[str]]:
    """Names of the held-out pictures and of those to train on; the same for the same table."""
    senders = defaultdict(list)
    with table.open() as file:
        for row in csv.DictReader(file):
            if (pictures / f"{row['image']}.jpg").exists() and row["label"] not in _UNUSABLE:
                senders[row["sender_id"]].append(row["image"])
    random = np.random.default_rng(7)
    ordered = sorted(senders, key=lambda sender: len(senders[sender]))
    small = [sender for sender in ordered if 2 <= len(senders[sender]) <= 40]
    random.shuffle(small)
    held_out: list[str] = []
    apart = set()
    for sender in small:
        if len(held_out) >= HELD_OUT - FROM_EACH // 2:
            break
        held_out += senders[sender][:FROM_EACH]
        apart.add(sender)
    trained = [image for sender in ordered if sender not in apart for image in senders[sender]]
    random.shuffle(trained)
    return held_out[:HELD_OUT], trained[:TRAINED]


def main() -> None:
    parser = ArgumentParser(description="Split the clothing photographs by sender.")
    parser.add_argument("pictures", type=Path)
    parser.add_argument("table", type=Path, help="images.csv")
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    for part, names in zip(("hold", "train"), chosen(given.pictures, given.table), strict=True):
        folder = given.folder.with_name(f"{given.folder.name}-{part}")
        folder.mkdir(parents=True, exist_ok=True)
        for index, name in enumerate(names):
            shutil.copy(given.pictures / f"{name}.jpg", folder / f"{index:05d}_{name}.jpg")
        print(f"{folder}: {len(names)}")


if __name__ == "__main__":
    main()
