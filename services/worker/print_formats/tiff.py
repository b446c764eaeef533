"""TIFF in strips: deflate with the horizontal predictor, exact resolution, spot channels as Photoshop names them.

Strips are written as they come and the directory after them, so that nothing has to be known in advance. Classic TIFF,
which more RIPs read, as long as offsets of 32 bits reach: BigTIFF only from 4 GB of raw pixels on.

A file with spots is flat, as Photoshop saves it: colours, then one extra sample a spot, whose name only Photoshop's
image resources can tell (TIFF's own InkNames excludes CMYK with a profile).
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import IO

import numpy as np
from isal import isal_zlib

from services.worker.print_formats.strips import LEVEL, Strip, checked

_CLASSIC_BYTES = (1 << 32) - (1 << 26)  # offsets reach 4 GB; what cannot be compressed grows a little
_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED, _LONG8 = 1, 2, 3, 4, 5, 7, 16
_UNASSOCIATED, _UNSPECIFIED = 2, 0  # extra samples: alpha that is not premultiplied; anything else
_ADOBE_DEFLATE, _HORIZONTAL, _INCH = 8, 2, 2
_SPOT, _SOLIDITY = 2, 100  # of Photoshop's DisplayInfo: its kind of channel; opaque on screen
_SHOWN = (0, 0xE600, 0xE600, 0xE600, 0)  # a spot's colour on Photoshop's screen: RGB (0), light grey for white ink


class Colours(Enum):
    """Name -> PhotometricInterpretation and number of samples."""

    RGB = (2, 3)
    CMYK = (5, 4)


def write(
    path: Path,
    strips: Iterable[Strip],
    size: tuple[int, int],
    dpi: float,
    *,
    colours: Colours = Colours.RGB,
    spots: Sequence[str] = (),
    icc: bytes | None = None,
) -> None:
    """Write colours with straight alpha, or, if there are spots, flat colours and a sample for each spot (255 = ink).

    `size` is (width, height) in pixels; strips are (rows, width, colours + 1 or + len(spots)) from top to bottom, and
    all but the last have as many rows as the first. Spot names are ASCII, of at most 255 characters.
    """
    samples = colours.value[1] + (len(spots) or 1)
    raw = size[0] * size[1] * samples
    layout = _BIG if raw > _CLASSIC_BYTES else _CLASSIC
    with path.open("wb") as file:
        file.write(layout.head)
        rows, strips_at, lengths = _write_strips(file, checked(strips, size, samples))
        tags = _tags(size, dpi, colours, spots, icc) | {
            278: (_LONG, [rows]),
            273: (layout.offset, strips_at),
            279: (layout.offset, lengths),
        }
        _write_directory(file, layout, tags)


def _write_strips(file: IO[bytes], strips: Iterator[Strip]) -> tuple[int, list[int], list[int]]:
    """Rows of a strip; where each strip lies; how long it is."""
    rows, offsets, lengths, ended = 0, list[int](), list[int](), False
    for strip in strips:
        rows = rows or len(strip)
        if ended or len(strip) > rows:
            raise ValueError("all strips of a TIFF but the last have as many rows as the first")
        ended = len(strip) < rows
        delta = np.empty_like(strip, order="C")
        delta[:, 0] = strip[:, 0]
        np.subtract(strip[:, 1:], strip[:, :-1], out=delta[:, 1:])
        offsets.append(file.tell())
        lengths.append(file.write(isal_zlib.compress(delta, LEVEL)))
    return rows, offsets, lengths


@dataclass(frozen=True, slots=True)
class _Layout:
    """What tells classic TIFF and BigTIFF apart: struct formats, and the type of an offset."""

    head: bytes
    first: int  # where the directory's offset stands
    pointer: str
    count: str
    offset: int


_CLASSIC = _Layout(struct.pack("<2sHI", b"II", 42, 0), 4, "I", "H", _LONG)
_BIG = _Layout(struct.pack("<2sHHHQ", b"II", 43, 8, 0, 0), 8, "Q", "Q", _LONG8)
_FORMATS = {_BYTE: "B", _ASCII: "c", _SHORT: "H", _LONG: "I", _UNDEFINED: "B", _LONG8: "Q"}
_Tag = tuple[int, Sequence[int]]  # type and values; a rational is its numerator and denominator


def _tags(
    size: tuple[int, int], dpi: float, colours: Colours, spots: Sequence[str], icc: bytes | None
) -> dict[int, _Tag]:
    photometric, inks = colours.value
    resolution = Fraction(dpi).limit_denominator(1000)
    extras = [_UNSPECIFIED] * len(spots) or [_UNASSOCIATED]
    tags: dict[int, _Tag] = {
        256: (_LONG, [size[0]]),
        257: (_LONG, [size[1]]),
        258: (_SHORT, [8] * (inks + len(extras))),
        259: (_SHORT, [_ADOBE_DEFLATE]),
        262: (_SHORT, [photometric]),
        277: (_SHORT, [inks + len(extras)]),
        282: (_RATIONAL, resolution.as_integer_ratio()),
        283: (_RATIONAL, resolution.as_integer_ratio()),
        284: (_SHORT, [1]),  # samples interleaved
        296: (_SHORT, [_INCH]),
        317: (_SHORT, [_HORIZONTAL]),
        338: (_SHORT, extras),
    }
    if colours is Colours.CMYK:
        tags[332] = (_SHORT, [1])  # InkSet: CMYK
    if spots:
        tags[34377] = (_BYTE, _photoshop(spots))
    if icc:
        tags[34675] = (_UNDEFINED, icc)
    return tags


def _photoshop(spots: Sequence[str]) -> bytes:
    """Image resources 1006 and 1045, the channels' names, and 1077: that they are spots, and their look on screen."""
    pascal = b"".join(struct.pack("B", len(name)) + name.encode("ascii") for name in spots)
    wide = b"".join(struct.pack(">I", len(name) + 1) + name.encode("utf-16-be") + b"\0\0" for name in spots)
    shown = struct.pack(">HHHHHHB", *_SHOWN, _SOLIDITY, _SPOT)
    resources = ((1006, pascal), (1045, wide), (1077, struct.pack(">I", 1) + shown * len(spots)))
    return b"".join(
        b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + data + b"\0" * (len(data) % 2)
        for number, data in resources
    )


def _write_directory(file: IO[bytes], layout: _Layout, tags: dict[int, _Tag]) -> None:
    """Values that do not fit their entry first, then the entries by number, then the head's pointer to them."""
    room = struct.calcsize(layout.pointer)
    entries = []
    for number, (kind, values) in sorted(tags.items()):
        data, count = _packed(kind, values)
        if len(data) > room:
            data = struct.pack(f"<{layout.pointer}", _append(file, data))
        entries.append(struct.pack(f"<HH{layout.pointer}", number, kind, count) + data.ljust(room, b"\0"))
    end = struct.pack(f"<{layout.pointer}", 0)  # there is no next directory
    at = _append(file, struct.pack(f"<{layout.count}", len(entries)) + b"".join(entries) + end)
    file.seek(layout.first)
    file.write(struct.pack(f"<{layout.pointer}", at))


def _packed(kind: int, values: Sequence[int]) -> tuple[bytes, int]:
    if kind == _RATIONAL:
        return struct.pack("<II", *values), 1
    return struct.pack(f"<{len(values)}{_FORMATS[kind]}", *values), len(values)


def _append(file: IO[bytes], data: bytes) -> int:
    """Write at the next even offset, as TIFF wants, and return it."""
    at = file.tell()
    file.write(b"\0" * (at % 2) + data)
    return at + at % 2
