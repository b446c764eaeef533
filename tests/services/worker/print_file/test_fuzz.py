"""Any picture and any choice end as a file that can be read, or as one of the named refusals."""

import itertools
import random
from pathlib import Path

import numpy as np
from PIL import Image

from services.worker.print_file import writing
from services.worker.print_file.artwork import NoInk, TooLarge, artwork
from services.worker.print_file.fitting import Pixels
from shared.models.print_file import MAX_PIXELS, PrintFileInput, PrintFormat, Space, Underbase
from tests.services.worker.print_file.pictures import PRESS

SIZES = ((1, 1), (1, 700), (900, 1), (3, 5), (64, 64), (257, 129))
ALPHAS = ("empty", "full", "noise", "one pixel", "faint")


def picture(width: int, height: int, kind: str, seed: int) -> Pixels:
    rng = np.random.default_rng(seed)
    rgba = rng.integers(0, 256, (height, width, 4), dtype=np.uint8)
    if kind in ("empty", "full"):
        rgba[..., 3] = 255 * (kind == "full")
    elif kind == "faint":
        rgba[..., 3] %= 9
    elif kind == "one pixel":
        rgba[..., 3] = 0
        rgba[rng.integers(height), rng.integers(width), 3] = 255
    return rgba


def choices(dice: random.Random) -> PrintFileInput | None:
    """Random ones; None for those that exclude each other."""
    try:
        return PrintFileInput(
            width_mm=dice.choice([5, 12.34, 99.9, 2000]),
            dpi=dice.choice([72, 151, 300, 1200]),
            underbase=dice.choice(list(Underbase)),
            choke_mm=dice.choice([0, 0.17, 2]),
            format=dice.choice(list(PrintFormat)),
            space=dice.choice(list(Space)),
            mirror=dice.random() < 0.5,
            halftone_lpi=dice.choice([None, 10, 45, 85]),
            halftone_angle=dice.choice([0, 22.5, 90]),
        )
    except ValueError:
        return None


def outcome(rgba: Pixels, asked: PrintFileInput, path: Path) -> str:
    try:
        made = artwork(rgba, asked, PRESS)
    except (NoInk, TooLarge) as refusal:
        return type(refusal).__name__
    assert made.colours.shape[0] * made.colours.shape[1] <= MAX_PIXELS
    writing.write(path, made, asked, PRESS)
    if asked.format is PrintFormat.PDF or made.colours.shape[2] == 5:  # Pillow reads neither PDF nor CMYK with alpha
        assert path.read_bytes().endswith(b"%%EOF\n") == (asked.format is PrintFormat.PDF)
        return str(asked.format)
    with Image.open(path) as found:
        found.load()
        assert found.size == made.colours.shape[1::-1]
    return str(asked.format)


def test_small_pictures_with_random_choices(tmp_path: Path) -> None:
    dice, seen = random.Random(18), set[str]()
    for (width, height), kind in itertools.product(SIZES, ALPHAS):
        rgba = picture(width, height, kind, width * height)
        before = rgba.copy()
        for _ in range(5):
            asked = choices(dice)
            if asked and (size := asked.size((width, height))) and size[0] * size[1] < 3e6:
                seen.add(outcome(rgba, asked, tmp_path / "file"))
        assert np.array_equal(rgba, before)
    assert seen - {"TooLarge"} == {"NoInk", "png", "tiff", "pdf"}


def test_a_picture_of_24_megapixels(tmp_path: Path) -> None:
    rgba = picture(6000, 4000, "noise", 1)
    asked = PrintFileInput(
        width_mm=300, format=PrintFormat.TIFF, space=Space.CMYK, underbase=Underbase.SPOT, halftone_lpi=45
    )
    assert outcome(rgba, asked, tmp_path / "file") == "tiff"
