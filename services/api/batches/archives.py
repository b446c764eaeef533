"""ZIP files of pictures: judged by their directory before anything is unpacked, then read entry by entry.

Python's reader holds all entries of the directory in memory, so its size is bounded first. What the directory says of
an entry bounds what is read of it. Names are labels, and never paths of ours.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from stat import S_ISLNK

from shared import batch_errors, errors
from shared.images import MAX_BYTES
from shared.models.batch import MAX_PICTURES

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # of a file with entries, and of one without
_END = struct.Struct("<4s4H2LH")  # the end of the directory
_END_MAGIC, _ZIP64_MAGIC = b"PK\x05\x06", b"PK\x06\x07"
_COMMENT = 65_535
_ENCRYPTED = 0x1 | 0x40 | 0x2000  # flags: the data, strongly, the directory
_IGNORED = ("__MACOSX/",)  # what macOS and Windows add
_IGNORED_FILES = (".DS_Store", "Thumbs.db", "desktop.ini")


class Reason(StrEnum):
    DAMAGED = "damaged"
    ENCRYPTED = "encrypted"
    NESTED = "nested"
    LINK = "link"
    METHOD = "method"
    RATIO = "ratio"
    SIZE = "size"
    ENTRIES = "entries"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an archive may hold.

    `entries` include folders. A picture compresses by a tenth, a BMP of a drawing a hundredfold; deflate itself cannot
    by more than 1,032.
    """

    pictures: int = MAX_PICTURES
    entries: int = 2 * MAX_PICTURES
    unpacked: int = 10 * MAX_BYTES
    ratio: int = 200
    directory: int = 2 * MAX_PICTURES * 1024


BOUNDS = Bounds()


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in an archive: its number in the directory, its name as given and its unpacked size."""

    number: int
    name: str
    bytes: int


def is_archive(data: bytes) -> bool:
    return data.startswith(MAGIC)


def entries(data: bytes, bounds: Bounds = BOUNDS) -> list[Entry]:
    """The files in an archive, without folders and what systems add. Raises ArchiveRefused or BatchTooLarge."""
    _check_directory(data, bounds)
    with _opened(data) as archive:
        listed = archive.infolist()
    if len(listed) > bounds.entries:
        raise _refused(Reason.ENTRIES, f"The ZIP file has more than {bounds.entries:,} entries.")
    found = [Entry(at, one.filename, one.file_size) for at, one in enumerate(listed) if _is_picture(one, bounds)]
    if not found:
        raise _refused(Reason.EMPTY, "The ZIP file holds no pictures.")
    if len(found) > bounds.pictures:
        raise batch_errors.BatchTooLarge(f"A batch holds at most {bounds.pictures} pictures.")
    if sum(one.bytes for one in found) > bounds.unpacked:
        megabytes = bounds.unpacked >> 20
        raise _refused(Reason.SIZE, f"The ZIP file would take more than {megabytes:,} MB unpacked.")
    return found


def read(data: bytes, number: int) -> bytes:
    """The file with this number in an archive that was judged. Raises UnreadableImage if it is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            info = archive.infolist()[number]
            with archive.open(info) as file:
                content = file.read(min(info.file_size, MAX_BYTES) + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
        raise errors.UnreadableImage("The picture cannot be read from the ZIP file: it is damaged there.") from None
    if len(content) > min(info.file_size, MAX_BYTES):
        raise errors.BodyTooLarge
    return content


def pack(files: Iterable[bytes]) -> bytes:
    """An archive of these files, in their order and uncompressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, data in enumerate(files):
            archive.writestr(str(number), data)
    return out.getvalue()


def _check_directory(data: bytes, bounds: Bounds) -> None:
    """Refuse one that `zipfile` should not read, looking for its end where that does."""
    at = len(data) - _END.size
    if at < 0 or data[at : at + 4] != _END_MAGIC or data[-2:] != b"\0\0":
        at = data.rfind(_END_MAGIC, max(0, len(data) - _END.size - _COMMENT))
    if at < 0 or at + _END.size > len(data):
        raise _refused(Reason.DAMAGED, "The ZIP file is damaged.")
    *_, size, _, _ = _END.unpack_from(data, at)
    if size > bounds.directory or data[max(0, at - 20) : at].startswith(_ZIP64_MAGIC):
        raise _refused(Reason.ENTRIES, f"The ZIP file has more than {bounds.entries:,} entries, or very long names.")


def _opened(data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        raise _refused(Reason.DAMAGED, "The ZIP file is damaged.") from None


def _is_picture(info: zipfile.ZipInfo, bounds: Bounds) -> bool:
    """Whether it may be a picture. Raises ArchiveRefused for what no archive may hold."""
    name = info.filename
    if info.is_dir() or name.startswith(_IGNORED) or name.rpartition("/")[2] in _IGNORED_FILES:
        return False
    if info.flag_bits & _ENCRYPTED:
        raise _refused(Reason.ENCRYPTED, "The ZIP file is encrypted.")
    if S_ISLNK(info.external_attr >> 16):
        raise _refused(Reason.LINK, "The ZIP file holds a link.")
    if name.lower().endswith(".zip"):
        raise _refused(Reason.NESTED, "The ZIP file holds another ZIP file.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _refused(Reason.METHOD, "The ZIP file is compressed otherwise than by deflate.")
    if info.file_size > bounds.ratio * max(1, info.compress_size):
        raise _refused(Reason.RATIO, f"The ZIP file holds a file that unpacks to over {bounds.ratio} times its size.")
    return True


def _refused(reason: Reason, message: str) -> batch_errors.ArchiveRefused:
    return batch_errors.ArchiveRefused(message, details={"reason": reason})
