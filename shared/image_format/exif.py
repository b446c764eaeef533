"""The one fact of EXIF that the pixels need: how the camera was held."""

import struct

HEADER = b"Exif\x00\x00"  # in front of the TIFF structure in JPEG always, elsewhere sometimes
_ORIENTATION, _SHORT = 0x0112, 3
_ENTRY_BYTES = 12


def orientation(exif: bytes | memoryview) -> int:
    """1 to 8, where 1 is upright; 1 also for anything missing, broken or out of range, as browsers take it."""
    tiff = bytes(exif).removeprefix(HEADER)
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, directory)
        for index in range(entries):
            at = directory + 2 + index * _ENTRY_BYTES
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, at)
            if tag == _ORIENTATION:
                return value if kind == _SHORT and 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def minimal(orientation: int) -> bytes:
    """A TIFF structure that holds the orientation and nothing else."""
    return struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, _ORIENTATION, _SHORT, 1, orientation, 0, 0)
