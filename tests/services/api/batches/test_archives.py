"""ZIP files: what none may hold is refused before it is unpacked. All inputs are small; the bounds are lowered."""

import io
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pytest

from services.api.batches import archives
from services.api.batches.archives import BOUNDS, Bounds, Reason
from shared import batch_errors, errors
from tests.services.api.batches.sending import zipped

_LOW = replace(BOUNDS, entries=4, pictures=3, unpacked=1000, ratio=10)


def _reason(data: bytes, bounds: Bounds = _LOW) -> object:
    with pytest.raises(batch_errors.ArchiveRefused) as refusal:
        archives.entries(data, bounds)
    assert refusal.value.details is not None
    return refusal.value.details["reason"]


def _with(change: Callable[[zipfile.ZipInfo], None], data: bytes = b"abc") -> bytes:
    info, out = zipfile.ZipInfo("a.png"), io.BytesIO()
    change(info)
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(info, data)
    return out.getvalue()


def _patched(data: bytes, offset: int, layout: str, value: int) -> bytes:
    """The directory's first entry with another value of a field."""
    at = data.index(b"PK\x01\x02") + offset
    return data[:at] + struct.pack(layout, value) + data[at + struct.calcsize(layout) :]


def test_files_are_listed_with_their_number_name_and_size() -> None:
    data = zipped({"x/": b"", "x/a.png": b"abc", "x/.DS_Store": b"?", "__MACOSX/x/._a.png": b"?", "b.png": b"de"})
    listed = archives.entries(data)
    assert listed == [archives.Entry(1, "x/a.png", 3), archives.Entry(4, "b.png", 2)]
    assert [archives.read(data, one.number) for one in listed] == [b"abc", b"de"]


def test_what_was_packed_is_read_again() -> None:
    data = archives.pack([b"abc", b"", b"abc"])
    assert [archives.read(data, number) for number in range(3)] == [b"abc", b"", b"abc"]


def test_a_link_is_refused() -> None:
    assert _reason(_with(lambda info: setattr(info, "external_attr", 0o120777 << 16))) is Reason.LINK


def test_an_archive_in_an_archive_is_refused() -> None:
    assert _reason(zipped({"a.png": b"x", "inner.ZIP": zipped({"b.png": b"x"})})) is Reason.NESTED


@pytest.mark.parametrize("flag", [0x1, 0x41, 0x2000])
def test_an_encrypted_archive_is_refused(flag: int) -> None:
    assert _reason(_patched(zipped({"a.png": b"abc"}), 8, "<H", flag)) is Reason.ENCRYPTED


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_compression_are_refused(method: int) -> None:
    assert _reason(zipped({"a.png": b"abc"}, method)) is Reason.METHOD


def test_bounds_hold_for_entries_pictures_ratio_and_size() -> None:
    assert _reason(zipped({f"{number}/": b"" for number in range(5)})) is Reason.ENTRIES
    assert _reason(zipped({"a.bmp": bytes(900)})) is Reason.RATIO
    assert _reason(zipped({f"{number}.png": bytes(400) for number in range(3)}, zipfile.ZIP_STORED)) is Reason.SIZE
    with pytest.raises(batch_errors.BatchTooLarge):
        archives.entries(zipped(dict.fromkeys("abcd", b"x")), _LOW)
    assert _reason(zipped({"a/": b""})) is Reason.EMPTY
    assert _reason(zipped({"a" * 400: b"x"}), replace(_LOW, directory=300)) is Reason.ENTRIES


def test_an_archive_of_64_bits_is_refused_by_its_mark() -> None:
    data = zipped({"a.png": b"abc"})
    end = data.index(b"PK\x05\x06")
    assert _reason(data[:end] + b"PK\x06\x07" + bytes(16) + data[end:]) is Reason.ENTRIES


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x03\x04", b"PK\x05\x06" + bytes(10), b"x" * 100, zipped({"a": b"x"})[:-9]],
    ids=["empty", "beginning", "end", "text", "cut"],  # a name made of the last one's date would change
)
def test_what_is_no_whole_archive_is_refused(data: bytes) -> None:
    assert _reason(data) is Reason.DAMAGED


def test_no_more_is_read_than_the_directory_says() -> None:
    data = _patched(zipped({"a.png": b"x" * 500}, zipfile.ZIP_STORED), 24, "<L", 3)
    assert archives.entries(data)[0].bytes == 3
    with pytest.raises((errors.UnreadableImage, errors.BodyTooLarge)):
        archives.read(data, 0)


def test_a_damaged_file_in_an_archive_cannot_be_read() -> None:
    data = bytearray(zipped({"a.png": b"picture" * 50}))
    data[40] ^= 255
    with pytest.raises(errors.UnreadableImage):
        archives.read(bytes(data), 0)
