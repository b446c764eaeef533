"""Folders of pictures, and of masks of the same names, to memory-mapped arrays of squares.

Pictures are squashed to a square, exactly as the service does before inference, so that the network sees the same
geometry in training and in use. PREFIX.img.npy, PREFIX.msk.npy and PREFIX.txt, a name a row.
"""

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

SIDE = 320
_KINDS = (".jpg", ".jpeg", ".png")


def array_path(prefix: Path, kind: str) -> Path:
    return prefix.with_name(f"{prefix.name}.{kind}.npy")


def create(prefix: Path, kind: str, shape: tuple[int, ...]) -> np.ndarray:
    """An array on disk under a name that says it is not finished."""
    return np.lib.format.open_memmap(_unfinished(prefix, kind), "w+", np.uint8, shape)


def finish(prefix: Path, kind: str, rows: int) -> None:
    """Give the array its name, cut to the rows that were written."""
    draft = _unfinished(prefix, kind)
    written = np.load(draft, mmap_mode="r")
    if len(written) == rows:
        draft.replace(array_path(prefix, kind))
    else:
        np.save(array_path(prefix, kind), written[:rows])
        draft.unlink()


def _unfinished(prefix: Path, kind: str) -> Path:
    return prefix.with_name(f"{prefix.name}.{kind}.npy.tmp")


def square(picture: np.ndarray) -> np.ndarray:
    smaller = max(picture.shape[:2]) > SIDE
    return cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)


def pairs(pictures: list[Path], masks: dict[str, Path] | None) -> Iterator[tuple[str, np.ndarray, np.ndarray | None]]:
    """Name, RGB square and mask square of everything that can be read; the mask is None where none are wanted."""
    for path in pictures:
        if masks is not None and path.stem not in masks:
            continue
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        mask = None if masks is None else cv2.imread(str(masks[path.stem]), cv2.IMREAD_GRAYSCALE)
        if picture is None or (masks is not None and mask is None):
            continue
        if mask is not None:
            mask = cv2.resize(mask, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        yield path.stem, square(np.ascontiguousarray(picture[:, :, ::-1])), mask


def pack(prefix: Path, folder: Path, mask_folder: Path | None) -> tuple[int, int]:
    """(rows written, pictures found)."""
    pictures = sorted(path for path in folder.iterdir() if path.suffix.lower() in _KINDS)
    masks = {path.stem: path for path in mask_folder.iterdir()} if mask_folder else None
    stored = create(prefix, "img", (len(pictures), SIDE, SIDE, 3))
    stored_masks = create(prefix, "msk", (len(pictures), SIDE, SIDE)) if mask_folder else None
    names = []
    for row, (name, picture, mask) in enumerate(pairs(pictures, masks)):
        stored[row] = picture
        if stored_masks is not None:
            stored_masks[row] = mask
        names.append(name)
    for kind, array in (("img", stored), ("msk", stored_masks)):
        if array is not None:
            array.flush()
            finish(prefix, kind, len(names))
    prefix.with_name(f"{prefix.name}.txt").write_text("\n".join(names) + "\n")
    return len(names), len(pictures)


def main() -> None:
    parser = ArgumentParser(description="Pack folders of pictures and masks into arrays.")
    parser.add_argument("prefix", type=Path)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("masks", type=Path, nargs="?")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    print(given.prefix, "{} of {}".format(*pack(given.prefix, given.pictures, given.masks)))


if __name__ == "__main__":
    main()
