"""PNG: a row of chunks, each with a length, a name and a checksum; all IDAT chunks together are one deflate stream.

A chunk is kept when the pixels cannot be shown right without it. Pillow does not check IDAT's checksums, and is not
needed for a verdict: `check` follows the stream to its end in 2 MB, where decoding 50 megapixels would take 200.
"""

import struct
import zlib
from collections.abc import Iterator

from shared.errors import TooComplex, UnreadableImage
from shared.image_format import exif, icc
from shared.image_format.structure import MAX_CHUNKS, MAX_TEXT_BYTES, Structure, Text

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR = frozenset((b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"cICP", b"sBIT", b"pHYs"))
_TRANSPARENT_TYPES = (4, 6)
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_HIGHEST_FILTER = 4
_READ_BYTES, _BLOCK_BYTES = (
    1 << 16,
    1 << 20,
)  # zlib hands back a copy of what it has not read yet, so it is given little
_HEADER_END = len(SIGNATURE) + 25


def read(data: bytes) -> Structure:
    """Raises UnreadableImage and TooComplex. Nothing after the end chunk is kept."""
    width, height, depth, colour, _, _, interlaced = _header(data)
    if depth not in _DEPTHS.get(colour, ()) or interlaced > 1:
        raise UnreadableImage
    view, text = memoryview(data), Text()
    parts: list[bytes | memoryview] = [view[:_HEADER_END]]
    seen, orientation, pixels_over = set(), 1, False
    for kind, start, end in _chunks(data):
        body = view[start + 8 : end - 4]
        pixels_over = pixels_over or (b"IDAT" in seen and kind != b"IDAT")
        _count(kind, body, text)
        if kind == b"eXIf" and kind not in seen:
            orientation = exif.orientation(body)
        if kind == b"iCCP" and b"IDAT" not in seen:
            parts.extend(_profile(body))
        elif kind in (b"IDAT", b"IEND") or (kind in _COLOUR and b"IDAT" not in seen):
            parts.append(view[start:end])
        elif kind[0] & 0x20 == 0 and kind not in _COLOUR:  # a capital first letter: not to be skipped
            raise UnreadableImage
        if kind == b"IDAT" and pixels_over:
            raise UnreadableImage
        seen.add(kind)
    if b"IDAT" not in seen or (colour == 3 and b"PLTE" not in seen):
        raise UnreadableImage
    alpha = colour in _TRANSPARENT_TYPES or b"tRNS" in seen
    return Structure(width, height, parts, orientation, alpha, b"acTL" in seen)


def check(structure: Structure) -> None:
    """Follow every kept chunk and the stream of pixels to its end; UnreadableImage if anything is wrong or missing."""
    header, chunks = bytes(structure.parts[0]), structure.parts[1:]
    for part in (header[len(SIGNATURE) :], *chunks):
        if zlib.crc32(part[4:-4]) != int.from_bytes(part[-4:], "big"):
            raise UnreadableImage
    passes = _passes(*_header(header))
    expected = sum(rows * row_bytes for rows, row_bytes in passes)
    done = 0
    for block in _inflated([memoryview(part)[8:-4] for part in chunks if part[4:8] == b"IDAT"]):
        _check_filters(block, done, passes)
        done += len(block)
        if done > expected:  # more than is needed is no damage, but nobody reads on
            return
    if done < expected:
        raise UnreadableImage


def bit_depth(data: bytes) -> int:
    return _header(data)[2]


def with_orientation(data: bytes, orientation: int) -> bytes:
    return data[:_HEADER_END] + _chunk(b"eXIf", exif.minimal(orientation)) + data[_HEADER_END:]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _profile(body: memoryview) -> list[bytes]:
    """The chunk of a colour profile, under a name of ours; nothing where there is no profile to be read."""
    try:
        found = zlib.decompressobj().decompress(_deflated(body), MAX_TEXT_BYTES)
    except zlib.error:
        return []
    profile = icc.clean(found)
    return [_chunk(b"iCCP", b"icc\0\0" + zlib.compress(profile))] if profile else []


def _deflated(body: memoryview) -> memoryview:
    """What follows keyword, NUL and method."""
    return body[bytes(body[:80]).find(0) + 2 :]


def _header(data: bytes) -> tuple[int, int, int, int, int, int, int]:
    """Width, height, depth, colour type, compression, filter, interlace."""
    if data[8:16] != b"\x00\x00\x00\x0dIHDR" or len(data) < _HEADER_END:
        raise UnreadableImage
    width, height, depth, colour, compression, filtering, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    return width, height, depth, colour, compression, filtering, interlaced


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, end) from after the header to the end chunk; a file without that is cut short."""
    at = _HEADER_END
    for _ in range(MAX_CHUNKS):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        if end > len(data) or not kind.isalpha():
            raise UnreadableImage
        yield kind, at, end
        if kind == b"IEND":
            return
        at = end
    raise TooComplex("The file has too many chunks.")


def _count(kind: bytes, body: memoryview, text: Text) -> None:
    if kind == b"tEXt":
        text.add(len(body))
    elif kind in (b"zTXt", b"iCCP"):
        text.add_deflated(_deflated(body))
    elif kind == b"iTXt":  # keyword NUL compressed? method language NUL translated keyword NUL text
        _keyword, _, rest = bytes(body).partition(b"\x00")
        if rest[:1] == b"\x01":
            text.add_deflated(rest[2:].split(b"\x00", 2)[-1])
        else:
            text.add(len(body))


def _passes(
    width: int, height: int, depth: int, colour: int, _: int, __: int, interlaced: int
) -> list[tuple[int, int]]:
    """(rows, bytes of a row with its filter) of each pass of the interlacing, or of the one pass there is."""
    grid = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    sides = [(-(-(width - x) // step_x), -(-(height - y) // step_y)) for x, y, step_x, step_y in grid]
    bits = depth * _CHANNELS[colour]
    return [(rows, 1 + (columns * bits + 7) // 8) for columns, rows in sides if columns > 0 and rows > 0]


def _inflated(bodies: list[memoryview]) -> Iterator[bytes]:
    inflate = zlib.decompressobj()
    try:
        for body in bodies:
            for at in range(0, len(body), _READ_BYTES):
                pending: bytes | memoryview = body[at : at + _READ_BYTES]
                while pending and not inflate.eof:
                    yield inflate.decompress(pending, _BLOCK_BYTES)
                    pending = inflate.unconsumed_tail
        yield inflate.flush()
    except zlib.error:
        raise UnreadableImage from None


def _check_filters(block: bytes, offset: int, passes: list[tuple[int, int]]) -> None:
    """The first byte of each row names its filter; `offset` is where the block lies in the stream."""
    begin = -offset
    for rows, row_bytes in passes:
        first = begin if begin >= 0 else begin % row_bytes
        last = min(len(block), begin + rows * row_bytes)
        if first < last and max(block[first:last:row_bytes]) > _HIGHEST_FILTER:
            raise UnreadableImage
        begin += rows * row_bytes
