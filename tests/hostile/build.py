"""Raw parts of picture files, such as Pillow never writes."""

import io
import struct
import zlib
from collections.abc import Callable

from PIL import Image

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
IEND = b"\x00\x00\x00\x00IEND\xaeB`\x82"


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def chunk(kind: bytes, body: bytes = b"", *, length: int | None = None, checksum: int | None = None) -> bytes:
    checksum = zlib.crc32(kind + body) if checksum is None else checksum
    return struct.pack(">I", len(body) if length is None else length) + kind + body + struct.pack(">I", checksum)


def header(
    width: int, height: int, depth: int = 8, colour: int = 2, interlaced: int = 0, checksum: int | None = None
) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced), checksum=checksum)


def claiming_png(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    """A few bytes that claim any sides. The header's checksum is wrong, so every decoder stops there."""
    return PNG_SIGNATURE + header(width, height, depth, colour, checksum=0) + chunk(b"IDAT", bytes(100)) + IEND


def claiming_jpeg(width: int, height: int) -> bytes:
    """A JPEG that claims any sides. Its table of quantisation is cut short, so every decoder stops there."""
    frame = segment(0xC0, struct.pack(">BHHB", 8, height, width, 3) + bytes((1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0)))
    return jpeg([segment(0xDB, b"\x00"), frame, segment(0xDA, bytes((3, 1, 0, 2, 0, 3, 0, 0, 63, 0))) + bytes(8)])


def claiming_webp(width: int, height: int) -> bytes:
    """A WebP of 26 bytes that claims any sides. Its version does not exist, so every decoder stops there."""
    return riff((b"VP8L", b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14 | 7 << 29)))


def png(
    width: int,
    height: int,
    depth: int = 8,
    colour: int = 2,
    *,
    stream: bytes | None = None,
    before: bytes = b"",
    after: bytes = b"",
    interlaced: int = 0,
) -> bytes:
    """A PNG of zeros, or of a given deflate stream, with chunks before and after the pixels."""
    row_bytes = 1 + (width * depth * CHANNELS[colour] + 7) // 8
    body = zlib.compress(bytes(row_bytes * height), 9) if stream is None else stream
    return (
        PNG_SIGNATURE + header(width, height, depth, colour, interlaced) + before + chunk(b"IDAT", body) + after + IEND
    )


def png_of(
    width: int,
    height: int,
    depth: int,
    colour: int,
    sample: Callable[[int, int], tuple[int, ...]],
    *,
    before: bytes = b"",
    interlaced: bool = False,
) -> bytes:
    """A PNG of any depth, colour type and interlacing, pixel by pixel."""
    raw = bytearray()
    for left, top, step_x, step_y in ADAM7 if interlaced else ((0, 0, 1, 1),):
        columns = range(left, width, step_x)
        for y in range(top, height, step_y) if columns else ():
            bits = "".join(f"{value:0{depth}b}" for x in columns for value in sample(x, y))
            bits += "0" * (-len(bits) % 8)
            raw += b"\x00" + int(bits, 2).to_bytes(len(bits) // 8, "big")
    return png(width, height, depth, colour, stream=zlib.compress(raw), before=before, interlaced=int(interlaced))


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def segments(jpeg: bytes) -> list[bytes]:
    """The parts of a JPEG between its start and its end; a scan and its coded data are one part."""
    parts, at = [], 2
    while jpeg[at + 1] != 0xD9:
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if jpeg[at + 1] == 0xDA:
            while jpeg[end] != 0xFF or jpeg[end + 1] == 0 or 0xD0 <= jpeg[end + 1] <= 0xD7:
                end += 1
        parts.append(jpeg[at:end])
        at = end
    return parts


def jpeg(parts: list[bytes]) -> bytes:
    return b"\xff\xd8" + b"".join(parts) + b"\xff\xd9"


def with_scans(progressive: bytes, count: int) -> bytes:
    """The same picture with its last scan repeated until there are `count`."""
    parts = segments(progressive)
    scans = sum(part[1] == 0xDA for part in parts)
    return jpeg(parts + [parts[-1]] * (count - scans))


def riff(*chunks: tuple[bytes, bytes], after: bytes = b"") -> bytes:
    body = b"".join(kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for kind, data in chunks) + after
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def riff_chunks(webp: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 12
    while at < len(webp):
        size = int.from_bytes(webp[at + 4 : at + 8], "little")
        found.append((webp[at : at + 4], webp[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return found


def icc_profile(space: bytes, primaries: tuple[int, int, int] = (0, 1, 2), gamma: float = 2.2) -> bytes:
    """A display profile with sRGB's primaries in any order and one gamma, or a grey one; it tells secrets."""
    words = b"SECRET-PROFILE"
    xyz = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7139))
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(words) + 1) + words + bytes(1 + 78),
        b"cprt": b"text" + bytes(4) + words + bytes(4),
        b"wtpt": _xyz(0.9642, 1.0, 0.8249),
    }
    if space == b"GRAY":
        tags[b"kTRC"] = curve
    else:
        for name, primary in zip(b"rgb", primaries, strict=True):
            tags[bytes([name]) + b"XYZ"] = _xyz(*xyz[primary])
            tags[bytes([name]) + b"TRC"] = curve
    table, body = struct.pack(">I", len(tags)), b""
    for name_, tag in tags.items():
        table += struct.pack(">4sII", name_, 128 + 4 + 12 * len(tags) + len(body), len(tag))
        body += tag + bytes(-len(tag) % 4)
    size = 128 + len(table) + len(body)
    head = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x02200000, b"mntr", space, b"XYZ ") + bytes(12) + b"acsp"
    return head + bytes(28) + struct.pack(">iii", 63190, 65536, 54061) + bytes(48) + table + body


def _xyz(*values: float) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">iii", *(round(value * 65536) for value in values))


def exif_of_colour(space: int, index: bytes) -> bytes:
    """A TIFF structure with a colour space, and an index of interoperability, in their directories."""
    pointers = struct.pack(">2sHIHHHIII", b"MM", 42, 8, 1, 0x8769, 4, 1, 26, 0)
    exif = struct.pack(">HHHIHHHHIII", 2, 0xA001, 3, 1, space, 0, 0xA005, 4, 1, 56, 0)
    return pointers + exif + struct.pack(">HHHI4sI", 1, 1, 2, 4, index, 0)
