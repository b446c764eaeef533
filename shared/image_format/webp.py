"""WebP: a RIFF file; either one chunk of pixels, or an extended header (VP8X) that says which chunks follow.

The extended header states the sides a second time. Both must agree, or one of them would slip past the limits. An
animation of one frame that fills its canvas is a still in more chunks than it needs.
"""

import struct
from collections.abc import Iterable, Iterator

from shared.errors import TooComplex, UnreadableImage, UnsupportedImage
from shared.image_format import exif, icc
from shared.image_format.structure import MAX_CHUNKS, Structure, limited_profile

_EXTENDED, _PROFILE, _LOSSY, _LOSSLESS, _EXIF = b"VP8X", b"ICCP", b"VP8 ", b"VP8L", b"EXIF"
_ORDER = (_EXTENDED, _PROFILE, b"ALPH", _LOSSY, _LOSSLESS, _EXIF)
_FRAME = b"ANMF"
_FRAME_HEADER = 16  # place, sides less one, duration, flags
_HAS_PROFILE, _HAS_ALPHA, _HAS_EXIF = 0x20, 0x10, 0x08  # flags of the extended header

Chunks = dict[bytes, memoryview]


def matches(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def read(data: bytes) -> Structure:
    """Raises UnreadableImage, UnsupportedImage and TooComplex. An animated file is not looked into: none of it is kept.

    Density is in EXIF or nowhere, so EXIF is kept if it states one, with nothing else in it.
    """
    chunks: Chunks = {}
    frames: list[memoryview] = []
    for kind, body in _chunks(data):
        if kind == _FRAME:
            frames.append(body)
        elif kind in chunks and kind in _ORDER:
            raise UnreadableImage
        chunks.setdefault(kind, body)
    if len(frames) > 1:
        return Structure(0, 0, [], animated=True)
    if frames:
        _unpack(chunks, frames[0])
    width, height, alpha = _picture(chunks)
    profile = icc.clean(limited_profile(bytes(chunks.pop(_PROFILE, b"")))) if _EXTENDED in chunks else b""
    facts = exif.read(chunks.pop(_EXIF, b""))
    if _EXTENDED in chunks:
        alpha = bool(chunks[_EXTENDED][0] & _HAS_ALPHA) if not frames else alpha or b"ALPH" in chunks
        if profile:
            chunks[_PROFILE] = memoryview(profile)
        if facts.density:
            chunks[_EXIF] = memoryview(exif.minimal(1, facts.density))
        chunks[_EXTENDED] = memoryview(_extended(_flags(chunks, alpha), width, height))
    kept = {kind: chunks[kind] for kind in _ORDER if kind in chunks}
    return Structure(
        width, height, list(_file(kept.items())), facts.orientation, alpha, profile=profile, density=facts.density
    )


def with_orientation(data: bytes, orientation: int) -> bytes:
    """`data` is a clean file; the density it may state is kept."""
    chunks = dict(_chunks(data))
    width, height, alpha = _picture(chunks)
    alpha = bool(chunks[_EXTENDED][0] & _HAS_ALPHA) if _EXTENDED in chunks else alpha
    chunks[_EXIF] = memoryview(exif.minimal(orientation, exif.read(chunks.get(_EXIF, b"")).density))
    chunks[_EXTENDED] = memoryview(_extended(_flags(chunks, alpha), width, height))
    return b"".join(_file((kind, chunks[kind]) for kind in _ORDER if kind in chunks))


def _unpack(chunks: Chunks, frame: memoryview) -> None:
    """Put the chunks of an animation's only frame beside the others."""
    canvas = bytes(chunks.get(_EXTENDED, b"")[4:10])
    if bytes(frame[:6]) != bytes(6) or bytes(frame[6:12]) != canvas:
        raise UnsupportedImage("This is a kind of WebP that is not supported (a frame smaller than its canvas).")
    for kind, body in _within(frame, _FRAME_HEADER, len(frame)):
        chunks.setdefault(kind, body)


def _flags(chunks: Chunks, alpha: bool) -> int:
    return alpha * _HAS_ALPHA | (_PROFILE in chunks) * _HAS_PROFILE | (_EXIF in chunks) * _HAS_EXIF


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """(name, body) up to the length that the file states for itself; a shorter file is cut short."""
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise UnreadableImage
    return _within(memoryview(data), 12, end)


def _within(view: memoryview, at: int, end: int) -> Iterator[tuple[bytes, memoryview]]:
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
