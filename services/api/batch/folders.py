"""The pictures below a folder, and the files that are made of them."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ENDINGS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".heic", ".heif", ".avif", ".tif", ".tiff", ".gif"),
    *(".bmp", ".svg"),
)
_STEP = 1 << 20
_PART = ".part"


@dataclass(frozen=True, slots=True)
class Picture:
    """`name` is its path below the folder, with `/`; `result` that of its result, but for the ending."""

    name: str
    file: Path
    result: str
    sha256: str


def scan(folder: Path, out: Path) -> list[Picture]:
    """All pictures below the folder, in the order of their names; not those below `out`, and no hidden ones."""
    found = sorted(_files(folder, out.resolve()))
    same = Counter(_stem(name) for name in found)
    return [
        Picture(name, folder / name, name if same[_stem(name)] > 1 else _without_ending(name), _sha256(folder / name))
        for name in found
    ]


def write(out: Path, picture: Picture, ending: str, data: bytes) -> str:
    """Write a result whole or not at all, in the folder of its picture; returns its path below `out`.

    `a.jpg` becomes `a.png`, but `a.jpg.png` where `a.webp` is there as well.
    """
    name = f"{picture.result}.{ending}"
    target = out / name
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}{_PART}")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)
    return name


def _files(folder: Path, out: Path) -> Iterator[str]:
    for path, folders, files in os.walk(folder):
        here = Path(path)
        folders[:] = [name for name in folders if not name.startswith(".") and (here / name).resolve() != out]
        for name in files:
            if PurePosixPath(name).suffix.lower() in ENDINGS and not name.startswith(".") and (here / name).is_file():
                yield (here / name).relative_to(folder).as_posix()


def _stem(name: str) -> str:
    return _without_ending(name).casefold()


def _without_ending(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while piece := stream.read(_STEP):
            digest.update(piece)
    return digest.hexdigest()
