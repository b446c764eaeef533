"""Segments are told apart in one pass, and a decoder cannot be made to invent what is missing."""

import io
import time

import pytest
from PIL import Image

from shared.errors import TooComplex, UnreadableImage
from shared.image_format import jpeg
from shared.image_format.structure import MAX_SCANS
from tests.hostile import build, corpus


def decoded(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        return image.tobytes()


@pytest.mark.parametrize("size", [(16, 16), (17, 31), (64, 48), (319, 241)])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("restart", [0, 1, 3])
def test_a_whole_scan_needs_no_end_marker(size: tuple[int, int], subsampling: int, restart: int) -> None:
    options = {"subsampling": subsampling, "restart_marker_blocks": restart}
    data = build.encoded(corpus.picture(*size), "JPEG", **options)
    unended = jpeg.unended(jpeg.read(data))
    assert not unended.endswith(b"\xff\xd9")
    assert decoded(unended) == decoded(data)


def test_a_scan_that_is_too_short_is_noticed_without_its_end_marker() -> None:
    *others, scan = build.segments(build.encoded(corpus.picture(), "JPEG"))
    for missing in (20, 100, 1_000):
        half = build.jpeg([*others, scan[:-missing]])
        decoded(half)  # painted grey in silence
        with pytest.raises(OSError, match="truncated"):
            decoded(jpeg.unended(jpeg.read(half)))


def test_several_scans_keep_their_end_marker() -> None:
    structure = jpeg.read(build.encoded(corpus.picture(), "JPEG", progressive=True))
    assert jpeg.unended(structure) == structure.clean()


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_no_scan_of_a_progressive_picture_may_be_missing_or_repeated(mode: str) -> None:
    parts = build.segments(build.encoded(corpus.picture().convert(mode), "JPEG", progressive=True))
    jpeg.read(build.jpeg(parts))
    scans = [index for index, part in enumerate(parts) if part[1] == 0xDA]
    assert len(scans) > 5
    for index in scans:
        for count in (0, 2):
            with pytest.raises(UnreadableImage):
                jpeg.read(build.jpeg(parts[:index] + parts[index : index + 1] * count + parts[index + 1 :]))


def test_too_many_scans_are_too_complex_before_they_are_anything_else() -> None:
    progressive = build.encoded(corpus.picture(64, 64), "JPEG", progressive=True)
    with pytest.raises(UnreadableImage):
        jpeg.read(build.with_scans(progressive, MAX_SCANS))
    with pytest.raises(TooComplex):
        jpeg.read(build.with_scans(progressive, MAX_SCANS + 1))


def test_a_long_row_of_fill_bytes_takes_linear_time() -> None:
    data = build.encoded(corpus.picture(), "JPEG")[:-2] + (b"\xff" * 10_000 + b"\x00") * 50
    begun = time.monotonic()
    with pytest.raises(UnreadableImage):
        jpeg.read(data)
    assert time.monotonic() - begun < 2


def test_segments_are_counted_in_the_whole_file() -> None:
    parts = build.segments(build.encoded(corpus.picture(), "JPEG"))
    jpeg.read(build.jpeg([*[build.segment(0xE5, b"")] * 9_000, *parts]))
    with pytest.raises(TooComplex):
        jpeg.read(build.jpeg([*parts, *[build.segment(0xE5, b"")] * 10_000]))
