"""Colour profiles without what they tell about people and devices.

A profile is a header of 128 bytes and a table of tags. Kept are the tags that colours are computed from; texts, names,
dates and whatever lies between the tags are left out. The description is ours.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence

from shared.image_format.structure import MAX_PROFILE_BYTES

GREY, RGB, CMYK = b"GRAY", b"RGB ", b"CMYK"  # the channels a profile is made for
D50 = (0.9642, 1.0, 0.8249)  # the white that profiles are related to
_HEADER, _ENTRY = 128, 12
_MAX_TAGS = 100  # the fullest profiles have about 40
# Matrix and curves, tables for each intent, white and black, and the numbers HDR is coded with.
_COMPUTED = frozenset(
    f"{prefix}{suffix}".encode()
    for prefix, suffixes in {
        "r": ("XYZ", "TRC"),
        "g": ("XYZ", "TRC"),
        "b": ("XYZ", "TRC"),
        "k": ("TRC",),
        "A2B": "0123",
        "B2A": "0123",
        "D2B": "0123",
        "B2D": "0123",
        "": ("wtpt", "bkpt", "chad", "chrm", "gamt", "cicp"),
    }.items()
    for suffix in suffixes
)
_CURVES = {GREY: (b"kTRC",), RGB: (b"rTRC", b"gTRC", b"bTRC")}
# Of the header: who made the profile and when, for which device, its digest, and what is reserved.
_TELLING = ((4, 8), (24, 36), (40, 44), (48, 56), (80, _HEADER))

Tags = Mapping[bytes, bytes]


def clean(profile: bytes) -> bytes:
    """Empty for what is no profile, and for one that grows when it is written out. Cleaning twice is cleaning once."""
    header = bytearray(profile[:_HEADER])
    if header[36:40] != b"acsp":
        return b""
    for start, end in _TELLING:
        header[start:end] = bytes(end - start)
    try:
        places = dict(_places(profile))
    except struct.error:
        return b""
    kept = {name: place for name, place in places.items() if name in _COMPUTED}
    if sum(size for _, size in set(kept.values())) > MAX_PROFILE_BYTES:  # tags that overlap
        return b""
    return _joined(bytes(header), {name: profile[start : start + size] for name, (start, size) in kept.items()})


def made(space: bytes, tags: Tags) -> bytes:
    """A display profile of version 4 with these tags, clean."""
    header = struct.pack(">II4s4s4s4s", 0, 0, b"\x04\x20\0\0", b"mntr", space, b"XYZ ") + bytes(12) + b"acsp"
    return _joined(header + bytes(28) + xyz(*D50)[8:] + bytes(_HEADER - 80), tags)


def space(profile: bytes) -> bytes:
    """GREY, RGB, CMYK or another; empty without a profile."""
    return profile[16:20]


def curves(profile: bytes) -> Sequence[bytes] | None:
    """The tag of each channel's curve where these, and a matrix, are all there is to the colours; else None."""
    names = _CURVES.get(space(profile), ())
    tags = {name: profile[start : start + size] for name, (start, size) in _places(profile)} if names else {}
    if not names or any(name in tags for name in (b"A2B0", b"A2B1", b"D2B0", b"D2B1")):
        return None
    return [tags[name] for name in names] if all(name in tags for name in names) else None


def with_curves(profile: bytes, curve: bytes) -> bytes:
    """The same profile with this curve for every channel."""
    tags = {name: profile[start : start + size] for name, (start, size) in _places(profile)}
    return _joined(profile[:_HEADER], tags | dict.fromkeys(_CURVES[space(profile)], curve))


def xyz(x: float, y: float, z: float) -> bytes:
    """The body of a tag that holds a colour."""
    return b"XYZ " + bytes(4) + struct.pack(">iii", *(round(value * 65536) for value in (x, y, z)))


def _places(profile: bytes) -> Iterator[tuple[bytes, tuple[int, int]]]:
    (count,) = struct.unpack_from(">I", profile, _HEADER)
    for index in range(min(count, _MAX_TAGS)):
        name, start, size = struct.unpack_from(">4sII", profile, _HEADER + 4 + index * _ENTRY)
        yield name, (start, max(0, min(size, len(profile) - start)))


def _description(text: str) -> bytes:
    plain = text.encode() + b"\0"
    return b"desc" + bytes(4) + struct.pack(">I", len(plain)) + plain + bytes(4 + 4 + 2 + 1 + 67)  # in no other script


def _joined(header: bytes, tags: Tags) -> bytes:
    """Equal tags share their bytes, as the three curves of a display mostly do."""
    tags = {b"desc": _description("profile"), **{name: tag for name, tag in tags.items() if name != b"desc"}}
    table, body = struct.pack(">I", len(tags)), b""
    first = _HEADER + 4 + _ENTRY * len(tags)
    places: dict[bytes, int] = {}
    for name, tag in tags.items():
        if tag not in places:
            places[tag] = first + len(body)
            body += tag + bytes(-len(tag) % 4)
        table += struct.pack(">4sII", name, places[tag], len(tag))
    return struct.pack(">I", first + len(body)) + header[4:] + table + body
