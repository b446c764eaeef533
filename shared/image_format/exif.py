"""The facts of EXIF that the picture needs: how the camera was held, the size on paper, and Adobe RGB."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from shared.image_format.structure import Density

HEADER = b"Exif\x00\x00"  # in front of the TIFF structure in JPEG always, elsewhere sometimes
MAX_DENSITY = 100_000  # pixels per inch; a larger number is no statement about paper
_ORIENTATION, _ACROSS, _DOWN, _UNIT = 0x0112, 0x011A, 0x011B, 0x0128
_EXIF_DIRECTORY, _COLOUR_SPACE, _INTEROPERABILITY, _INDEX = 0x8769, 0xA001, 0xA005, 0x0001
_ASCII, _SHORT, _LONG, _RATIONAL = 2, 3, 4, 5
_INCH, _CENTIMETRE, _CENTIMETRES_PER_INCH = 2, 3, 2.54
_SRGB, _ADOBE = 1, 2  # of the colour space; the standard knows 1 only, some cameras write 2
_ADOBE_RGB = b"R03\x00"  # DCF 2.0: the index of an optional file, which is in Adobe RGB
_ENTRY_BYTES = 12

Entries = dict[int, tuple[int, bytes]]  # tag -> type, its four bytes of value or offset


@dataclass(frozen=True, slots=True)
class Facts:
    """`orientation`: 1 to 8; 1, upright, also for anything missing, broken or out of range, as browsers take it."""

    orientation: int = 1
    density: Density | None = None
    adobe_rgb: bool = False


def read(exif: bytes | memoryview) -> Facts:
    """What the first directories say; defaults for whatever is missing or broken."""
    tiff = bytes(exif).removeprefix(HEADER)
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 8:
        return Facts()
    first = dict(_entries(tiff, order, *struct.unpack_from(f"{order}I", tiff, 4)))
    orientation = _whole(order, first.get(_ORIENTATION), _SHORT) or 1
    return Facts(
        orientation if orientation <= 8 else 1, _density(tiff, order, first), _is_adobe_rgb(tiff, order, first)
    )


def minimal(orientation: int = 1, density: Density | None = None) -> bytes:
    """A TIFF structure with these facts and nothing else."""
    entries = [struct.pack(">HHIHH", _ORIENTATION, _SHORT, 1, orientation, 0)] if orientation != 1 else []
    values = b""
    if density:
        first = 8 + 2 + _ENTRY_BYTES * (len(entries) + 3) + 4
        fractions = [Fraction(value).limit_denominator(10_000) for value in density]
        values = b"".join(struct.pack(">II", value.numerator, value.denominator) for value in fractions)
        entries += [struct.pack(">HHII", tag, _RATIONAL, 1, first + 8 * at) for at, tag in enumerate((_ACROSS, _DOWN))]
        entries.append(struct.pack(">HHIHH", _UNIT, _SHORT, 1, _INCH, 0))
    return struct.pack(">2sHIH", b"MM", 42, 8, len(entries)) + b"".join(entries) + bytes(4) + values


def _entries(tiff: bytes, order: str, directory: int) -> Iterator[tuple[int, tuple[int, bytes]]]:
    """Later entries of the same tag lose: they are yielded first."""
    count = int.from_bytes(tiff[directory : directory + 2], "little" if order == "<" else "big")
    whole = min(count, max(0, (len(tiff) - directory - 2) // _ENTRY_BYTES))
    for index in reversed(range(whole)):
        at = directory + 2 + index * _ENTRY_BYTES
        tag, kind = struct.unpack_from(f"{order}HH", tiff, at)
        yield tag, (kind, tiff[at + 8 : at + _ENTRY_BYTES])


def _whole(order: str, entry: tuple[int, bytes] | None, *kinds: int) -> int | None:
    """The number in an entry of one of these types."""
    if entry is None or entry[0] not in kinds:
        return None
    number: int = struct.unpack_from(f"{order}{'H' if entry[0] == _SHORT else 'I'}", entry[1])[0]
    return number


def _density(tiff: bytes, order: str, first: Entries) -> Density | None:
    scale = {_INCH: 1.0, _CENTIMETRE: _CENTIMETRES_PER_INCH, None: 1.0}.get(_whole(order, first.get(_UNIT), _SHORT))
    across, down = (_rational(tiff, order, first.get(tag)) for tag in (_ACROSS, _DOWN))
    if scale is None or not across:
        return None
    return stated(across * scale, (down or across) * scale)


def stated(across: float, down: float) -> Density | None:
    """None for numbers that are no statement about paper."""
    return (across, down) if 0 < across < MAX_DENSITY and 0 < down < MAX_DENSITY else None


def _rational(tiff: bytes, order: str, entry: tuple[int, bytes] | None) -> float | None:
    at = _whole(order, entry, _RATIONAL)
    if at is None or at + 8 > len(tiff):
        return None
    numerator, denominator = struct.unpack_from(f"{order}II", tiff, at)
    return numerator / denominator if denominator else None


def _is_adobe_rgb(tiff: bytes, order: str, first: Entries) -> bool:
    exif = _directory(tiff, order, first, _EXIF_DIRECTORY)
    space = _whole(order, exif.get(_COLOUR_SPACE), _SHORT)
    if space in (_SRGB, _ADOBE):
        return space == _ADOBE
    return _directory(tiff, order, exif, _INTEROPERABILITY).get(_INDEX) == (_ASCII, _ADOBE_RGB)


def _directory(tiff: bytes, order: str, parent: Entries, tag: int) -> Entries:
    at = _whole(order, parent.get(tag), _LONG)
    return dict(_entries(tiff, order, at)) if at else {}
