"""JPEG: a row of segments, each a marker and a length; a scan's coded data runs on to the next marker.

libjpeg only warns about damage and paints what is missing grey, and Pillow drops the warnings. So damage is looked for
here: a file must end with its end marker, hold no marker that does not belong, and have scans for every bit of every
coefficient; `unended` lets the decoder find out whether the coded data suffices. There are no checksums: a few wrong
bytes among the right number of codes are just another picture.
"""

import re
import struct
from collections.abc import Iterator

from shared.errors import TooComplex, UnreadableImage
from shared.image_format import exif, icc
from shared.image_format.structure import MAX_CHUNKS, MAX_SCANS, Structure, Text

SIGNATURE = b"\xff\xd8\xff"
# Coded data writes FF as FF 00 and may hold restart markers (D0 to D7); any other FF xx ends it. The fill bytes allowed
# in front of a marker are left to the coded data: `\xff+` would take quadratic time over a long row of them.
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_START, _END = b"\xff\xd8", b"\xff\xd9"
_SOF, _PROGRESSIVE = (0xC0, 0xC1, 0xC2), 0xC2  # browsers know neither arithmetic coding nor the lossless kinds
_TABLES = (0xC4, 0xDB, 0xDD)
_SOS, _EOI, _COMMENT, _APP = 0xDA, 0xD9, 0xFE, range(0xE0, 0xF0)
_JFIF, _EXIF, _ICC, _ADOBE = 0xE0, 0xE1, 0xE2, 0xEE
_ICC_HEADER, _ICC_PIECE = b"ICC_PROFILE\x00", 65_519  # with number, count and length 65,535
_COEFFICIENTS, _UNSEEN = 64, -1
_WHOLE = (0, _COEFFICIENTS - 1, 0)  # what a scan brings that is not progressive, whatever it states
_SCAN_HEADER = 12  # of four components
_PADDING = bytes(16)  # the decoder reads up to 8 bytes ahead


def read(data: bytes) -> Structure:
    """Raises UnreadableImage and TooComplex. Only the first picture of an MPO is read; nothing after it is kept."""
    view, text = memoryview(data), Text()
    parts: list[bytes | memoryview] = [_START]
    frame, scans, orientation, profile = b"", [], 0, []
    for marker, start, end in _segments(data):
        body = data[start + 4 : min(end, start + 4 + _SCAN_HEADER) if marker == _SOS else end]
        if marker in _SOF and not frame:
            frame = bytes([marker]) + body
            parts.append(view[start:end])
        elif marker == _SOS and frame:
            scans.append(body)
            parts.append(view[start:end])
        elif marker in _TABLES:
            parts.append(view[start:end])
        elif marker == _COMMENT:
            text.add(len(body))
        elif marker in _APP:
            orientation = orientation or (exif.orientation(body) if _is_exif(marker, body) else 0)
            parts.extend(_application(marker, body))
            if marker == _ICC and body.startswith(_ICC_HEADER):
                text.add(len(body))
                profile.append(body[len(_ICC_HEADER) :])
        else:
            raise UnreadableImage
        if len(scans) > MAX_SCANS:
            raise TooComplex("The picture has too many scans.")
    if not _complete(frame, scans):
        raise UnreadableImage
    height, width = struct.unpack(">HH", frame[2:6])
    return Structure(width, height, [*parts[:2], *_profile(profile), *parts[2:], _END], orientation or 1)


def unended(structure: Structure) -> bytes:
    """The clean file for a decoder that must not hide missing data.

    At the end marker libjpeg invents what a scan lacks; when there is no more input instead, Pillow reports the file as
    truncated. That holds for a single scan; of several, all are read up to the end marker before anything is decoded.
    """
    single = sum(part[1] == _SOS for part in structure.parts) == 1
    return b"".join([*structure.parts[:-1], _PADDING]) if single else structure.clean()


def with_orientation(data: bytes, orientation: int) -> bytes:
    return _START + _segment(_EXIF, exif.HEADER + exif.minimal(orientation)) + data[2:]


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) in the order of the file, without its start and end; a scan includes its coded data."""
    at = 2
    for _ in range(MAX_CHUNKS):
        found = _MARKER.search(data, at)
        if found is None:
            raise UnreadableImage
        start, marker = found.start(), data[found.end() - 1]
        if marker == _EOI:
            return
        length = int.from_bytes(data[start + 2 : start + 4], "big")
        at = start + 2 + length
        if length < 2 or at > len(data):
            raise UnreadableImage
        if marker == _SOS:
            following = _MARKER.search(data, at)
            at = following.start() if following else len(data)
        yield marker, start, at
    raise TooComplex("The file has too many segments.")


def _is_exif(marker: int, body: bytes) -> bool:
    return marker == _EXIF and body.startswith(exif.HEADER)


def _application(marker: int, body: bytes) -> list[bytes]:
    """What the pixels need of an APPn segment. The rest is not counted: phones put depth maps of megabytes there."""
    if marker == _JFIF and body.startswith(b"JFIF\x00"):
        return [_segment(marker, body[:12] + b"\x00\x00")]  # version, density, no thumbnail
    if marker == _ADOBE and body.startswith(b"Adobe"):
        return [_segment(marker, body[:12])]  # up to the colour transform
    return []


def _profile(pieces: list[bytes]) -> list[bytes]:
    """A colour profile in segments, from pieces that begin with their number and their count."""
    profile = icc.clean(b"".join(piece[2:] for piece in sorted(pieces, key=lambda piece: piece[:1])))
    cut = [profile[at : at + _ICC_PIECE] for at in range(0, len(profile), _ICC_PIECE)]
    return [_segment(_ICC, _ICC_HEADER + bytes([index, len(cut)]) + piece) for index, piece in enumerate(cut, 1)]


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _complete(frame: bytes, scans: list[bytes]) -> bool:
    """Whether the scans bring every coefficient of every component, bit after bit, down to the last, and none twice."""
    if len(frame) < 7 or len(frame) < 7 + 3 * frame[6]:
        return False
    bits_left = {frame[7 + 3 * index]: [_UNSEEN] * _COEFFICIENTS for index in range(frame[6])}
    for scan in scans:
        components = scan[0] if scan else 0
        if len(scan) < 4 + 2 * components:
            return False
        first, last, bits = scan[1 + 2 * components :][:3] if frame[0] == _PROGRESSIVE else _WHOLE
        for component in scan[1 : 1 + 2 * components : 2]:
            left = bits_left.get(component, [])
            if set(left[first : last + 1]) != {bits >> 4 or _UNSEEN}:
                return False
            left[first : last + 1] = [bits & 0x0F] * (last + 1 - first)
    return bool(bits_left) and not any(any(left) for left in bits_left.values())
