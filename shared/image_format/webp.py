"""WebP: a RIFF file; either one chunk of pixels, or an extended header (VP8X) that says which chunks follow.

The extended header states the sides a second time. Both must agree, or one of them would slip past the limits.
"""

import struct
from collections.abc import Iterable, Iterator

from shared.errors import TooComplex, UnreadableImage
from shared.image_format import exif, icc
from shared.image_format.structure import MAX_CHUNKS, Structure, Text

_EXTENDED, _PROFILE, _LOSSY, _LOSSLESS, _EXIF = b"VP8X", b"ICCP", b"VP8 ", b"VP8L", b"EXIF"
_ORDER = (_EXTENDED, _PROFILE, b"ALPH", _LOSSY, _LOSSLESS)
_HAS_PROFILE, _HAS_ALPHA, _HAS_EXIF = 0x20, 0x10, 0x08  # flags of the extended header

Chunks = dict[bytes, memoryview]


def matches(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def read(data: bytes) -> Structure:
    """Raises UnreadableImage and TooComplex. An animated file is not looked into: nothing of it is kept."""
    chunks: Chunks = {}
    for kind, body in _chunks(data):
        if kind in (b"ANIM", b"ANMF"):
            return Structure(0, 0, [], animated=True)
        if kind in chunks and kind in _ORDER:
            raise UnreadableImage
        chunks.setdefault(kind, body)
    Text().add(len(chunks.get(_PROFILE, b"")))
    width, height, alpha = _picture(chunks)
    if profile := icc.clean(bytes(chunks.pop(_PROFILE, b""))):
        chunks[_PROFILE] = memoryview(profile)
    kept = {kind: chunks[kind] for kind in _ORDER if kind in chunks}
    if _EXTENDED in kept:
        flags = kept[_EXTENDED][0]
        alpha = bool(flags & _HAS_ALPHA)
        flags = flags & _HAS_ALPHA | bool(profile) * _HAS_PROFILE
        kept[_EXTENDED] = memoryview(_extended(flags, width, height))
    orientation = exif.orientation(chunks.get(_EXIF, b""))
    return Structure(width, height, list(_file(kept.items())), orientation, alpha)


def with_orientation(data: bytes, orientation: int) -> bytes:
    """`data` is a clean file."""
    chunks = dict(_chunks(data))
    width, height, alpha = _picture(chunks)
    flags = chunks[_EXTENDED][0] if _EXTENDED in chunks else alpha * _HAS_ALPHA
    header = _EXTENDED, memoryview(_extended(flags | _HAS_EXIF, width, height))
    pixels = [(kind, body) for kind, body in chunks.items() if kind != _EXTENDED]
    return b"".join(_file([header, *pixels, (_EXIF, memoryview(exif.minimal(orientation)))]))


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """(name, body) up to the length that the file states for itself; a shorter file is cut short."""
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise UnreadableImage
    view, at = memoryview(data), 12
    for _ in range(MAX_CHUNKS):
        if at + 8 > end:
            return
        size = int.from_bytes(view[at + 4 : at + 8], "little")
        if at + 8 + size > end:
            raise UnreadableImage
        yield bytes(view[at : at + 4]), view[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    raise TooComplex("The file has too many chunks.")


def _picture(chunks: Chunks) -> tuple[int, int, bool]:
    """Width, height and whether the pixels themselves have alpha, from the head of the coded picture."""
    lossy, lossless = bytes(chunks.get(_LOSSY, b"")[:10]), bytes(chunks.get(_LOSSLESS, b"")[:5])
    if len(lossy) == 10 and lossy[3:6] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", lossy, 6))  # above: a scaling hint
        alpha = False
    elif len(lossless) == 5 and lossless[:1] == b"\x2f":
        (bits,) = struct.unpack_from("<I", lossless, 1)
        width, height, alpha = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), bool(bits >> 28 & 1)
    else:
        raise UnreadableImage
    if _EXTENDED in chunks and chunks[_EXTENDED][4:10] != _extended(0, width, height)[4:]:
        raise UnreadableImage
    return width, height, alpha


def _extended(flags: int, width: int, height: int) -> bytes:
    return struct.pack("<I", flags) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def _file(chunks: Iterable[tuple[bytes, memoryview]]) -> Iterator[bytes | memoryview]:
    parts: list[bytes | memoryview] = []
    for kind, body in chunks:
        parts += [kind + struct.pack("<I", len(body)), body, bytes(len(body) % 2)]
    yield b"RIFF" + struct.pack("<I", 4 + sum(map(len, parts))) + b"WEBP"
    yield from parts
