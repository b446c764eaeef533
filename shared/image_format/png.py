"""PNG: a row of chunks, each with a length, a name and a checksum; all IDAT chunks together are one deflate stream.

A chunk is kept when the pixels cannot be shown right without it. Whatever a file says of its colours ends as one
profile, which most readers know, and which no other chunk contradicts. Chunks where the standard forbids them, and
chunks that are damaged and can be missed, decide nothing.

Pillow does not check IDAT's checksums, and is not needed for a verdict: `check` follows the stream to its end in 2 MB,
where decoding 50 megapixels would take 200.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping

from shared.errors import TooComplex, UnreadableImage, UnsupportedImage
from shared.image_format import colour, exif, icc
from shared.image_format.structure import MAX_CHUNKS, MAX_PROFILE_BYTES, Density, Structure, limited_profile

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_XCODE = b"CgBI"  # Apple's own kind: other byte order, no zlib header
_COLOUR = frozenset((b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM"))
_BEFORE_PIXELS = _COLOUR | {b"PLTE", b"tRNS", b"pHYs", b"acTL"}
_NEEDED = (b"PLTE", b"tRNS")  # damage in any other of these is no reason to refuse
_TRANSPARENT_TYPES, _PALETTE_TYPE, _GREY_TYPES = (4, 6), 3, (0, 4)
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_MAX_PALETTE_BYTES = 3 * 256
_KEY_BYTES = {0: 2, 2: 6}  # of tRNS for a type without a palette
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_DOUBLED = {(16, 0): 4, (16, 4): 6}  # depth and colour type -> the colour type of 8 bits with as many bytes a pixel
_DEPTH_AT = 24
_HIGHEST_FILTER = 4
# zlib hands back a copy of what it has not read yet, so it is given little
_READ_BYTES, _BLOCK_BYTES = 1 << 16, 1 << 20
_HEADER_END = len(SIGNATURE) + 25
_PER_METRE, _METRES_PER_INCH = 1, 0.0254

Chunks = Mapping[bytes, memoryview]  # those before the pixels, by name, without length and checksum


def read(data: bytes) -> Structure:
    """Raises UnreadableImage, UnsupportedImage and TooComplex. Nothing after the end chunk is kept."""
    width, height, depth, kind, _, _, interlaced = _header(data)
    if depth not in _DEPTHS.get(kind, ()) or interlaced > 1:
        raise UnreadableImage
    before, pixels, facts = _walked(data)
    space = icc.GREY if kind in _GREY_TYPES else icc.RGB
    profile = _profile(before, space)
    density = _density(before.get(b"pHYs")) or facts.density
    palette = before.get(b"PLTE", b"") if kind == _PALETTE_TYPE else b""
    if kind == _PALETTE_TYPE and (not palette or len(palette) % 3 or len(palette) > _MAX_PALETTE_BYTES):
        raise UnreadableImage
    key = before.get(b"tRNS")
    if key is not None and not _is_key(key, kind, len(palette) // 3):
        key = None
    parts: list[bytes | memoryview] = [memoryview(data)[:_HEADER_END]]
    parts += _statements(profile, density)
    parts += [_chunk(b"PLTE", bytes(palette))] if palette else []
    parts += [_chunk(b"tRNS", bytes(key))] if key is not None else []
    return Structure(
        width,
        height,
        [*parts, *pixels, _chunk(b"IEND", b"")],
        facts.orientation,
        alpha=kind in _TRANSPARENT_TYPES or key is not None,
        animated=_frames(before.get(b"acTL")) > 1,
        profile=profile,
        density=density,
    )


def _walked(data: bytes) -> tuple[Chunks, list[memoryview], exif.Facts]:
    """The first of each chunk before the pixels, the chunks of pixels as they are, and what EXIF says."""
    view, last = memoryview(data), b""
    before: dict[bytes, memoryview] = {}
    pixels: list[memoryview] = []
    facts = None
    for kind, start, end in _chunks(data):
        if kind == b"IDAT":
            if pixels and last != b"IDAT":
                raise UnreadableImage
            pixels.append(view[start:end])
        elif kind == b"eXIf":
            facts = facts or exif.read(view[start + 8 : end - 4])
        elif kind in _BEFORE_PIXELS:
            if not pixels:
                _keep(before, kind, view[start:end])
        elif kind[0] & 0x20 == 0 and kind != b"IEND":  # a capital first letter: not to be skipped
            raise UnreadableImage
        last = kind
    if not pixels:
        raise UnreadableImage
    return before, pixels, facts or exif.Facts()


def _keep(before: dict[bytes, memoryview], kind: bytes, part: memoryview) -> None:
    """Unless it came before, comes too late, or is damaged and can be missed."""
    if kind in before or (kind in _COLOUR and b"PLTE" in before):
        return
    if kind == b"PLTE":
        before.pop(b"tRNS", None)
    if _is_whole(part):
        before[kind] = part[8:-4]
    elif kind in _NEEDED:
        raise UnreadableImage


def _profile(before: Chunks, space: bytes) -> bytes:
    """The profile that counts, by the order of the PNG specification (third edition, 4.3); empty for sRGB."""
    cicp = before.get(b"cICP", b"")
    if len(cicp) == 4 and cicp[2] == 0 and cicp[3] == 1:  # RGB in full range
        stated = colour.from_code_points(cicp[0], cicp[1], space)
        if stated is not None:
            return stated
    profile = _embedded(before.get(b"iCCP", b""))
    if icc.space(profile) == space:
        return profile
    if b"sRGB" in before:
        return b""
    gamma, chromaticities = (bytes(before[kind]) if kind in before else None for kind in (b"gAMA", b"cHRM"))
    return colour.from_gamma(gamma, chromaticities, space) or b""


def _embedded(body: bytes | memoryview) -> bytes:
    """The profile of iCCP, clean; empty where there is none to be read. Raises TooComplex."""
    deflated = body[bytes(body[:80]).find(0) + 2 :]  # behind keyword, NUL and method
    try:
        found = zlib.decompressobj().decompress(deflated, MAX_PROFILE_BYTES + 1)
    except zlib.error:
        return b""
    return icc.clean(limited_profile(found))


def _density(body: bytes | memoryview | None) -> Density | None:
    if body is None or len(body) != 9 or body[8] != _PER_METRE:
        return None
    across, down = struct.unpack(">II", body[:8])
    return exif.stated(across * _METRES_PER_INCH, down * _METRES_PER_INCH)


def _statements(profile: bytes, density: Density | None) -> list[bytes]:
    """The chunks of a file's colours and its size on paper."""
    chunks = [_chunk(b"iCCP", b"icc\0\0" + zlib.compress(profile))] if profile else []
    if density:
        per_metre = (round(value / _METRES_PER_INCH) for value in density)
        chunks.append(_chunk(b"pHYs", struct.pack(">IIB", *per_metre, _PER_METRE)))
    return chunks


def _is_key(body: bytes | memoryview, kind: int, colours: int) -> bool:
    """Whether tRNS is as long as its colour type asks: a colour, or an alpha for each of the palette at most."""
    return 0 < len(body) <= colours if kind == _PALETTE_TYPE else len(body) == _KEY_BYTES.get(kind)


def _frames(control: bytes | memoryview | None) -> int:
    """Of an animation (acTL); 1 where its statement is not valid, as every viewer shows a still then."""
    return int.from_bytes(control[:4], "big") if control is not None and len(control) == 8 else 1


def _is_whole(part: bytes | memoryview) -> bool:
    return zlib.crc32(part[4:-4]) == int.from_bytes(part[-4:], "big")


def check(structure: Structure) -> None:
    """Follow every kept chunk and the stream of pixels to its end; UnreadableImage if anything is wrong or missing."""
    header, chunks = bytes(structure.parts[0]), structure.parts[1:]
    for part in (header[len(SIGNATURE) :], *chunks):
        if not _is_whole(part):
            raise UnreadableImage
    passes = _passes(*_header(header))
    expected = sum(rows * row_bytes for rows, row_bytes in passes)
    done = 0
    for block in _inflated([memoryview(part)[8:-4] for part in chunks if part[4:8] == b"IDAT"]):
        _check_filters(block, done, passes)
        done += len(block)
        if done > expected:  # extra bytes are no damage, and are not read
            return
    if done < expected:
        raise UnreadableImage


def bit_depth(data: bytes) -> int:
    return _header(data)[2]


def doubled(structure: Structure) -> bytes | None:
    """Grey of 16 bits told as 8 bits of twice the channels, the high and the low byte of each; None for others.

    Filters work on bytes, and on pixels of the same size, so the stream of pixels is the same.
    """
    header = bytes(structure.parts[0])
    kind = _DOUBLED.get((header[_DEPTH_AT], header[_DEPTH_AT + 1]))
    if kind is None:
        return None
    told = header[len(SIGNATURE) + 8 : _DEPTH_AT] + bytes([8, kind]) + header[_DEPTH_AT + 2 : -4]
    pixels = [part for part in structure.parts[1:] if part[4:8] in (b"IDAT", b"IEND")]
    return b"".join([SIGNATURE, _chunk(b"IHDR", told), *pixels])


def key(structure: Structure) -> bytes | None:
    """The body of tRNS."""
    return next((bytes(part[8:-4]) for part in structure.parts[1:] if part[4:8] == b"tRNS"), None)


def made(head: tuple[int, int, int, int], stream: bytes, profile: bytes, density: Density | None) -> bytes:
    """A file of width, height, depth, colour type, and the deflate stream of its filtered rows."""
    return b"".join(
        [
            SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", *head, 0, 0, 0)),
            *_statements(profile, density),
            _chunk(b"IDAT", stream),
            _chunk(b"IEND", b""),
        ]
    )


def with_density(data: bytes, density: Density) -> bytes:
    """`data` states none."""
    return data[:_HEADER_END] + b"".join(_statements(b"", density)) + data[_HEADER_END:]


def with_orientation(data: bytes, orientation: int) -> bytes:
    return data[:_HEADER_END] + _chunk(b"eXIf", exif.minimal(orientation)) + data[_HEADER_END:]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _header(data: bytes) -> tuple[int, int, int, int, int, int, int]:
    """Width, height, depth, colour type, compression, filter, interlace."""
    if data[12:16] == _XCODE:
        raise UnsupportedImage(
            "This is a kind of PNG that is not supported, the one Xcode makes; send the PNG it was made from."
        )
    if data[8:16] != b"\x00\x00\x00\x0dIHDR" or len(data) < _HEADER_END:
        raise UnreadableImage
    width, height, depth, colour, compression, filtering, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    return width, height, depth, colour, compression, filtering, interlaced


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, end) from after the header to the end chunk, or to an end of the file between two chunks."""
    at = _HEADER_END
    for _ in range(MAX_CHUNKS):
        if at == len(data):
            return
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        if end > len(data) or not kind.isalpha():
            raise UnreadableImage
        yield kind, at, end
        if kind == b"IEND":
            return
        at = end
    raise TooComplex("The file has too many chunks.")


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
