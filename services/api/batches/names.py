"""Names of pictures in a batch: paths as callers gave them, made safe to be written anywhere, and unique.

They end up in a ZIP file that others unpack, so none may leave its folder, mean a device on Windows, or be one file
with another where upper and lower case are the same.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePosixPath

MAX_NAME = 400  # characters of a whole path
_PART, _ENDING = 100, 16  # characters of each of its parts, at most 255 bytes in most file systems, and of an ending
_DEPTH = 16
_FORBIDDEN = re.compile(r'[<>:"|?*]')  # on Windows
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)", re.IGNORECASE)
_UNNAMED = "picture"


def safe(given: str) -> str:
    """The path without anything that means another folder, or that a file system refuses. Never empty."""
    parts = [_safe(part) for part in given.replace("\\", "/").split("/")]
    kept = [part for part in parts if part][-_DEPTH:] or [_UNNAMED]
    while len("/".join(kept)) > MAX_NAME - _ENDING:  # room for `unique`
        kept = kept[1:]
    return "/".join(kept)


def _safe(part: str) -> str:
    plain = unicodedata.normalize("NFC", part)
    printable = "".join(character for character in plain if character.isprintable())
    text = _FORBIDDEN.sub("_", printable).strip(" ").rstrip(". ")
    if not text.strip("."):
        return ""
    path = PurePosixPath(text)
    ending = path.suffix if len(path.suffix) <= _ENDING else ""
    shortened = _bounded(text.removesuffix(ending), _PART - len(ending)) + ending
    return f"_{shortened}" if _DEVICES.match(shortened) else shortened


def _bounded(text: str, characters: int) -> str:
    """Cut to so many characters, and to as many bytes as most file systems take."""
    return text[:characters].encode()[:200].decode(errors="ignore")


def unique(names: Iterable[str], taken: Collection[str] = ()) -> list[str]:
    """The names, those that are taken with a number: `a (2).jpg`. Upper and lower case are the same."""
    seen, made = {_folded(name) for name in taken}, []
    for name in names:
        found, number = name, 1
        while _folded(found) in seen:
            number += 1
            found = _numbered(name, number)
        seen.add(_folded(found))
        made.append(found)
    return made


def with_endings(endings: Mapping[str, str], taken: Collection[str] = ()) -> dict[str, str]:
    """Of names and the endings of their results: each result's name, as unique as the names, and not taken.

    `a.jpg` becomes `a.png`; where `a.webp` is there too, it becomes `a (2).png`.
    """
    made = [str(PurePosixPath(name).with_suffix(f".{ending}")) for name, ending in endings.items()]
    return dict(zip(endings, unique(made, taken), strict=True))


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())


def _numbered(name: str, number: int) -> str:
    path = PurePosixPath(name)
    return str(path.with_name(f"{path.stem} ({number}){path.suffix}"))
