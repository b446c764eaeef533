"""Decodes every picture in a folder beside libvips and prints, folder by folder, how the two agree.

`python -m bench.suites FOLDER`, with libvips from `pip install pyvips pyvips-binary`. Made for the test suites of image
libraries: each folder inside FOLDER is a row. Files run in a process of their own, so that none can end the comparison.

Compared is what the api would store and show, upright and in sRGB, with libvips' own conversion to sRGB, reduced to at
most 512 pixels a side. `same` counts pictures whose mean difference is at most 1 of 255, `near` at most 8.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from shared import errors, images
from shared.image_format.structure import Format
from shared.images import conversion

_SIDE = 512
_FILE_S = 60
_SAME, _NEAR = 1.0, 8.0
_OUTCOMES = ("same", "near", "apart", "only ours", "only libvips", "neither", "crashed")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    root = Path(arguments[0])
    rows: dict[str, Counter[str]] = {}
    for path, outcome, detail in _judged(sorted(path for path in root.rglob("*") if path.is_file())):
        suite = path.relative_to(root).parts[0] if path.parent != root else "."
        rows.setdefault(suite, Counter())[outcome] += 1
        if outcome not in ("same", "near", "neither"):
            print(f"{outcome:<13} {path.relative_to(root)} {detail}")
    print("\n".join(_table(rows)))
    return 0


def _judged(paths: list[Path]) -> Iterator[tuple[Path, str, str]]:
    """Each path with one of `_OUTCOMES`, and why. A process that is lost over a file is replaced."""
    pool = ProcessPoolExecutor(1)
    for path in paths:
        try:
            yield path, *pool.submit(compare, path).result(_FILE_S)
        except (TooSlow, BrokenProcessPool) as error:
            yield path, "crashed", f"{type(error).__name__} within {_FILE_S} s"
            for process in pool._processes.values():
                process.kill()
            pool.shutdown()
            pool = ProcessPoolExecutor(1)
    pool.shutdown()


def compare(path: Path) -> tuple[str, str]:
    data = path.read_bytes()
    ours, theirs = _ours(data), _theirs(data)
    if isinstance(ours, str) or isinstance(theirs, str):
        if isinstance(ours, str) and isinstance(theirs, str):
            return "neither", ours
        return ("only libvips", ours) if isinstance(ours, str) else ("only ours", str(theirs))
    if ours.size != theirs.size:
        return "apart", f"{ours.size} and {theirs.size}"
    difference = float(np.abs(_shown(ours) - _shown(theirs)).mean())
    outcome = "same" if difference <= _SAME else "near" if difference <= _NEAR else "apart"
    return outcome, f"mean difference {difference:.1f} of 255"


def _ours(data: bytes) -> Image.Image | str:
    try:
        kind = images.recognise(data, tuple(Format))
        stored = data if kind in images.STORED else conversion.to_png(data, kind)
        info = images.inspect(stored)
        images.verify(stored, info)
        return images.decode(stored, info)
    except errors.Failure as failure:
        return failure.code


def _theirs(data: bytes) -> Image.Image | str:
    vips: Any = import_module("pyvips")
    try:
        image = vips.Image.new_from_buffer(data, "").autorot()
        if image.get_typeof("icc-profile-data"):
            image = image.icc_transform("srgb")
        image = image.colourspace("srgb").cast("uchar")
        mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[image.bands]
        return Image.frombuffer(mode, (image.width, image.height), image.write_to_memory()).convert("RGBA")
    except (vips.Error, KeyError) as error:
        return str(error).splitlines()[0][:80]


def _shown(picture: Image.Image) -> np.ndarray:
    """On grey, so that colours of clear pixels do not count."""
    small = picture.convert("RGBA")
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    return np.asarray(Image.alpha_composite(Image.new("RGBA", small.size, (128, 128, 128, 255)), small), float)


def _table(rows: dict[str, Counter[str]]) -> Iterator[str]:
    width = max(len(suite) for suite in (*rows, "all"))
    yield "  ".join([" " * width, *_OUTCOMES])
    for suite, counts in (*rows.items(), ("all", sum(rows.values(), Counter[str]()))):
        yield "  ".join([suite.ljust(width), *(str(counts[name]).rjust(len(name)) for name in _OUTCOMES)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
