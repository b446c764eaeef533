"""PNG of any height: many IDAT chunks, as one may hold 2 GB at most, and its size in millimetres (pHYs)."""

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from isal import isal_zlib

from services.worker.print_formats.strips import MM_PER_INCH, Strip, checked, deflated

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 4: 6}  # samples -> PNG's number for grey and RGBA
_PERCEPTUAL = b"\0"
_CHUNK_BYTES = 1 << 20
_PER_METRE = 1  # the unit of pHYs


def write(path: Path, strips: Iterable[Strip], size: tuple[int, int], dpi: float, *, samples: int = 4) -> None:
    """Write RGBA in sRGB (4 samples), or a plate in grey (1 sample) whose meaning the caller defines.

    `size` is (width, height) in pixels; strips are (rows, width, samples) from top to bottom, of any number of rows.
    300 dpi becomes 11,811 pixels a metre, the nearest value that PNG can state: 299.9994.
    """
    per_metre = round(dpi / MM_PER_INCH * 1000)
    with path.open("wb") as file:
        file.write(_SIGNATURE)
        _chunk(file, b"IHDR", struct.pack(">IIBBBBB", *size, 8, _COLOUR_TYPES[samples], 0, 0, 0))
        if samples == 4:
            _chunk(file, b"sRGB", _PERCEPTUAL)
        _chunk(file, b"pHYs", struct.pack(">IIB", per_metre, per_metre, _PER_METRE))
        for data in _gathered(deflated(checked(strips, size, samples))):
            _chunk(file, b"IDAT", data)
        _chunk(file, b"IEND", b"")


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join pieces until a chunk is full; readers hold a chunk at a time."""
    held, length = list[bytes](), 0
    for piece in pieces:
        held.append(piece)
        length += len(piece)
        if length >= _CHUNK_BYTES:
            yield b"".join(held)
            held, length = [], 0
    yield b"".join(held)


def _chunk(file: IO[bytes], kind: bytes, data: bytes) -> None:
    file.write(struct.pack(">I4s", len(data), kind))
    file.write(data)
    file.write(struct.pack(">I", isal_zlib.crc32(data, isal_zlib.crc32(kind))))
