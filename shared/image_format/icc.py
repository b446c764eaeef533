"""Colour profiles without what they tell about people and devices.

A profile is a header of 128 bytes and a table of tags. Kept are the tags that colours are computed from; texts, names,
dates and whatever lies between the tags are left out. The description is ours.
"""

import struct
from collections.abc import Iterator, Mapping

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
# Of the header: who made the profile and when, for which device, its digest, and what is reserved.
_TELLING = ((4, 8), (24, 36), (40, 44), (48, 56), (80, _HEADER))
_SRGB = "sRGB"  # what a description begins with where nothing need be computed


def clean(profile: bytes) -> bytes:
    """Empty for what is no profile. Cleaning twice is cleaning once."""
    header = bytearray(profile[:_HEADER])
    if header[36:40] != b"acsp":
        return b""
    for start, end in _TELLING:
        header[start:end] = bytes(end - start)
    try:
        tags = dict(_tags(profile))
    except struct.error:
        return b""
    named = _SRGB if _is_srgb(tags.get(b"desc", b"")) else "profile"
    kept = {name: tag for name, tag in tags.items() if name in _COMPUTED}
    return _joined(bytes(header), {b"desc": _description(named), **kept})


def _tags(profile: bytes) -> Iterator[tuple[bytes, bytes]]:
    (count,) = struct.unpack_from(">I", profile, _HEADER)
    for index in range(min(count, _MAX_TAGS)):
        name, start, size = struct.unpack_from(">4sII", profile, _HEADER + 4 + index * _ENTRY)
        yield name, profile[start : start + size]


def _is_srgb(description: bytes) -> bool:
    """Of either version of the format: plain text, or UTF-16 somewhere behind a table of languages."""
    start = int.from_bytes(description[24:28], "big")
    wide = _SRGB.encode("utf-16-be")
    return description[12:16] == _SRGB.encode() or (description[:4] == b"mluc" and description[start:].startswith(wide))


def _description(text: str) -> bytes:
    plain = text.encode() + b"\0"
    return b"desc" + bytes(4) + struct.pack(">I", len(plain)) + plain + bytes(4 + 4 + 2 + 1 + 67)  # in no other script


def _joined(header: bytes, tags: Mapping[bytes, bytes]) -> bytes:
    """Equal tags share their bytes, as the three curves of a display mostly do."""
    table, body = struct.pack(">I", len(tags)), b""
    first = _HEADER + 4 + _ENTRY * len(tags)
    places: dict[bytes, int] = {}
    for name, tag in tags.items():
        if tag not in places:
            places[tag] = first + len(body)
            body += tag + bytes(-len(tag) % 4)
        table += struct.pack(">4sII", name, places[tag], len(tag))
    return struct.pack(">I", first + len(body)) + header[4:] + table + body
