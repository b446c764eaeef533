"""JPEG: a row of segments, each a marker and a length; a scan's coded data runs on to the next marker.

libjpeg only warns about damage and paints what is missing grey, and Pillow drops the warnings. So damage is looked for
here: a file must hold no marker that does not belong, and have scans for every bit of every coefficient but the last
one; `unended` and `overfed` let the decoder find out whether the coded data suffices. There are no checksums: a few
wrong bytes among the right number of codes are just another picture.

The end marker may be missing, as long as the coded data does suffice. What phones write behind their pictures is not
kept: it begins with one of a few names.
"""

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from shared.errors import TooComplex, UnreadableImage, UnsupportedImage
from shared.image_format import colour, exif, icc
from shared.image_format.structure import MAX_CHUNKS, MAX_SCANS, Density, Structure, limited_profile

SIGNATURE = b"\xff\xd8\xff"
# Coded data writes FF as FF 00 and may hold restart markers (D0 to D7); any other FF xx ends it. The fill bytes allowed
# in front of a marker are left to the coded data: `\xff+` would take quadratic time over a long row of them.
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_TRAILER = re.compile(rb"\0\0..(?:SEFH|.\0\0\0(?:Image_UTC_Data|MotionPhoto_Data|[A-Z][a-z]+_))", re.DOTALL)
_START, _END = b"\xff\xd8", b"\xff\xd9"
_SOF, _PROGRESSIVE = (0xC0, 0xC1, 0xC2), 0xC2
_OTHER_KINDS = (0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF)  # browsers know none of them
_TABLES = (0xC4, 0xDB, 0xDD)
_LINES = 0xDC  # the number of lines, once more; readers skip it
_SOS, _EOI, _COMMENT, _APP = 0xDA, 0xD9, 0xFE, range(0xE0, 0xF0)
_JFIF, _EXIF, _ICC, _ADOBE = 0xE0, 0xE1, 0xE2, 0xEE
_ICC_HEADER, _ICC_PIECE = b"ICC_PROFILE\x00", 65_519  # with number, count and length 65,535
_PER_INCH = {1: 1.0, 2: 2.54}  # of JFIF's density, which is by the inch or the centimetre
_BITS = 8
_COEFFICIENTS, _UNSEEN, _ALL = 64, -1, 16
_WHOLE = (0, _COEFFICIENTS - 1, 0)  # what a scan brings that is not progressive, whatever it states
_UNSEEN_BIT = 1  # a coefficient may lack its last bit, which is invisible
_SCAN_HEADER = 12  # of four components
_PADDING = bytes(16)  # the decoder reads up to 8 bytes ahead
_CODES = bytes(range(1, 255)) * 16


@dataclass(slots=True)
class _Found:
    """What the segments have told so far."""

    parts: list[bytes | memoryview] = field(default_factory=list)
    jfif: bytes = b""
    frame: bytes = b""
    scans: list[bytes] = field(default_factory=list)
    facts: exif.Facts | None = None
    density: Density | None = None
    profile: list[bytes] = field(default_factory=list)
    ended: bool = False


def read(data: bytes) -> Structure:
    """Raises UnreadableImage, UnsupportedImage and TooComplex.

    Only the first picture of an MPO is read; nothing after it is kept. Where JFIF and EXIF state different densities,
    JFIF's counts: programs that write a picture anew set it, while they copy the camera's EXIF along, where 72 stands
    for "unknown". A JFIF header without a unit states none.
    """
    view, found = memoryview(data), _Found()
    for marker, start, end in _segments(data):
        body = data[start + 4 : min(end, start + 4 + _SCAN_HEADER) if marker == _SOS else end]
        if marker == _EOI:
            found.ended = True
        elif marker in _APP:
            _application(found, marker, body)
        elif marker not in (_COMMENT, _LINES):
            _picture(found, marker, body)
            found.parts.append(view[start:end])
    missing = _missing_bits(found.frame, found.scans)
    if missing > _UNSEEN_BIT:
        raise UnreadableImage
    height, width = struct.unpack(">HH", found.frame[2:6])
    facts = found.facts or exif.Facts()
    profile = icc.clean(limited_profile(b"".join(piece[2:] for piece in sorted(found.profile, key=lambda p: p[:1]))))
    if not profile and facts.adobe_rgb:
        profile = colour.adobe_rgb()
    density = None if found.density else facts.density
    head = [_START, *([_exif(1, density)] if density else []), *filter(None, [found.jfif]), *_pieces(profile)]
    return Structure(
        width,
        height,
        [*head, *found.parts, _END],
        facts.orientation,
        profile=profile,
        density=found.density or density,
        complete=found.ended and not missing,
    )


def unended(structure: Structure) -> bytes:
    """The clean file for a decoder that must not hide missing data.

    At the end marker libjpeg invents what a scan lacks; when there is no more input instead, Pillow reports the file as
    truncated. That holds for a single scan; of several, all are read up to the end marker before anything is decoded.
    """
    return structure.clean() if _scans(structure) > 1 else b"".join([*structure.parts[:-1], _PADDING])


def overfed(structure: Structure) -> bytes | None:
    """A file with too much in its last scan: it looks the same as the clean one unless that scan lacks something.

    None where there is no doubt, or `unended` decides.
    """
    if structure.complete or _scans(structure) == 1:
        return None
    return b"".join([*structure.parts[:-1], _CODES, _END])


def _scans(structure: Structure) -> int:
    return sum(part[1] == _SOS for part in structure.parts)


def with_orientation(data: bytes, orientation: int) -> bytes:
    """`data` is a clean file; the density it may state in EXIF is kept."""
    structure = read(data)
    stated = structure.parts[1][1] == _EXIF
    exif_segment = _exif(orientation, structure.density if stated else None)
    return b"".join([_START, exif_segment, *structure.parts[1 + stated :]])


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) in the order of the file, without its start; a scan includes its coded data.

    Ends with the end marker, or with the file where there is none.
    """
    at = 2
    for _ in range(MAX_CHUNKS):
        found = _MARKER.search(data, at)
        if found is None:
            return
        start, marker = found.start(), data[found.end() - 1]
        if marker == _EOI:
            yield marker, start, found.end()
            return
        length = int.from_bytes(data[start + 2 : start + 4], "big")
        at = start + 2 + length
        if length < 2 or at > len(data):
            raise UnreadableImage
        if marker != _SOS:
            yield marker, start, at
            continue
        following = _MARKER.search(data, at)
        coded = following.start() if following else len(data)
        ended = following is not None and data[following.end() - 1] == _EOI
        trailer = None if ended else _TRAILER.search(data, at, coded)
        at = trailer.start() if trailer else coded
        yield marker, start, at
        if trailer:
            return
    raise TooComplex("The file has too many segments.")


def _picture(found: _Found, marker: int, body: bytes) -> None:
    """A segment that the pixels come from."""
    if marker in _SOF and not found.frame:
        found.frame = bytes([marker]) + body
        if body[:1] != bytes([_BITS]):
            raise _unsupported(f"with samples of {body[0] if body else 0} bits")
    elif marker == _SOS and found.frame:
        found.scans.append(body)
        if len(found.scans) > MAX_SCANS:
            raise TooComplex("The picture has too many scans.")
    elif marker in _OTHER_KINDS and not found.frame:
        raise _unsupported("arithmetic or lossless")
    elif marker not in _TABLES:
        raise UnreadableImage


def _unsupported(which: str) -> UnsupportedImage:
    return UnsupportedImage(f"This is a kind of JPEG that is not supported ({which}); save it as an ordinary JPEG.")


def _application(found: _Found, marker: int, body: bytes) -> None:
    """What the pixels need of an APPn segment. The rest is not counted: phones put depth maps of megabytes there."""
    if marker == _JFIF and body.startswith(b"JFIF\x00") and len(body) >= 12 and not found.jfif:
        found.jfif = _segment(marker, body[:12] + b"\x00\x00")  # version, density, no thumbnail
        unit, across, down = struct.unpack(">BHH", body[7:12])
        scale = _PER_INCH.get(unit, 0)
        found.density = exif.stated(across * scale, down * scale)
    elif marker == _ADOBE and body.startswith(b"Adobe"):
        found.parts.append(_segment(marker, body[:12]))  # up to the colour transform
    elif marker == _EXIF and body.startswith(exif.HEADER):
        found.facts = found.facts or exif.read(body)
    elif marker == _ICC and body.startswith(_ICC_HEADER):
        found.profile.append(body[len(_ICC_HEADER) :])


def _pieces(profile: bytes) -> list[bytes]:
    """A colour profile in segments, each with its number and their count."""
    cut = [profile[at : at + _ICC_PIECE] for at in range(0, len(profile), _ICC_PIECE)]
    return [_segment(_ICC, _ICC_HEADER + bytes([index, len(cut)]) + piece) for index, piece in enumerate(cut, 1)]


def _exif(orientation: int, density: Density | None) -> bytes:
    return _segment(_EXIF, exif.HEADER + exif.minimal(orientation, density))


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _missing_bits(frame: bytes, scans: Sequence[bytes]) -> int:
    """How many bits the scans leave out of a coefficient at most; ALL where one is missing, or anything comes twice.

    Components are told apart by their names, and by their order where these are equal.
    """
    if len(frame) < 7 or len(frame) < 7 + 3 * frame[6] or not frame[6]:
        return _ALL
    names = frame[7 : 7 + 3 * frame[6] : 3]
    bits_left = [[_UNSEEN] * _COEFFICIENTS for _ in names]
    for scan in scans:
        components = scan[0] if scan else 0
        if len(scan) < 4 + 2 * components:
            return _ALL
        first, last, bits = scan[1 + 2 * components :][:3] if frame[0] == _PROGRESSIVE else _WHOLE
        for index in _indices(names, scan[1 : 1 + 2 * components : 2]):
            left = bits_left[index] if index is not None else []
            if set(left[first : last + 1]) != {bits >> 4 or _UNSEEN}:
                return _ALL
            left[first : last + 1] = [bits & 0x0F] * (last + 1 - first)
    return max(_ALL if bits == _UNSEEN else bits for left in bits_left for bits in left)


def _indices(names: bytes, wanted: bytes) -> Iterator[int | None]:
    """Where each component of a scan stands in the frame."""
    free = list(range(len(names)))
    for name in wanted:
        index = next((index for index in free if names[index] == name), None)
        if index is not None:
            free.remove(index)
        yield index
