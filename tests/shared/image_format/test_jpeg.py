"""Segments are parsed in one pass, and missing data is noticed instead of invented by a decoder."""

import io
import time

import pytest
from PIL import Image

from shared.errors import TooComplex, UnreadableImage, UnsupportedImage
from shared.image_format import colour, exif, icc, jpeg
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


def test_a_truncated_scan_is_noticed_without_its_end_marker() -> None:
    *others, scan = build.segments(build.encoded(corpus.picture(), "JPEG"))
    for missing in (20, 100, 1_000):
        half = build.jpeg([*others, scan[:-missing]])
        decoded(half)  # silently filled with grey
        with pytest.raises(OSError, match="truncated"):
            decoded(jpeg.unended(jpeg.read(half)))


def test_files_with_several_scans_need_their_end_marker() -> None:
    structure = jpeg.read(build.encoded(corpus.picture(), "JPEG", progressive=True))
    assert jpeg.unended(structure) == structure.clean()


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_no_progressive_scan_may_be_repeated_or_missing_except_the_last_refinement(mode: str) -> None:
    parts = build.segments(build.encoded(corpus.picture().convert(mode), "JPEG", progressive=True))
    assert jpeg.read(build.jpeg(parts)).complete
    scans = [index for index, part in enumerate(parts) if part[1] == 0xDA]
    assert len(scans) > 5
    for index in scans:
        with pytest.raises(UnreadableImage):
            jpeg.read(build.jpeg(parts[: index + 1] + parts[index:]))
        without = build.jpeg(parts[:index] + parts[index + 1 :])
        if parts[index][7 + 2 * parts[index][4]] == 0x10:
            assert not jpeg.read(without).complete
        else:
            with pytest.raises(UnreadableImage):
                jpeg.read(without)


def test_a_truncated_last_scan_is_detected_by_feeding_it_more_bytes() -> None:
    parts = build.segments(build.encoded(corpus.picture(), "JPEG", progressive=True))
    whole = build.jpeg(parts)[:-2]
    for data, lacking in ((whole, False), (whole[:-200], True), (build.jpeg(parts[:-1]), False)):
        structure = jpeg.read(data)
        overfed = jpeg.overfed(structure)
        assert overfed is not None
        assert (decoded(overfed) != decoded(structure.clean())) is lacking
    assert jpeg.overfed(jpeg.read(build.jpeg(parts))) is None


def test_a_trailer_written_by_a_phone_is_not_part_of_the_picture() -> None:
    data = build.encoded(corpus.picture(), "JPEG")
    trailer = b"\0\0\x01\x0a\x18\0\0\0Image_UTC_Data1234567890" + b"\xff\xda\xff\xd9" * 9
    assert jpeg.read(data[:-2] + trailer).clean() == jpeg.read(data).clean()


def test_components_with_the_same_id_are_distinguished_by_order() -> None:
    parts = build.segments(build.encoded(corpus.picture().convert("CMYK"), "JPEG"))
    for marker, first, step in ((0xC0, 10, 3), (0xDA, 5, 2)):
        (index,) = [index for index, part in enumerate(parts) if part[1] == marker]
        named = bytearray(parts[index])
        named[first : first + 4 * step : step] = b"\1" * 4
        parts[index] = bytes(named)
    assert jpeg.read(build.jpeg(parts)).complete
    five = parts[-1][:4] + b"\5" + b"\1\0" * 5 + parts[-1][13:]
    with pytest.raises(UnreadableImage):
        jpeg.read(build.jpeg([*parts[:-1], five]))


@pytest.mark.parametrize(("unit", "density"), [(0, None), (1, (300, 200)), (2, (762, 508))])
def test_density_comes_from_jfif_if_it_has_a_unit_and_otherwise_from_exif(
    unit: int, density: tuple[float, float] | None
) -> None:
    header = build.segment(0xE0, b"JFIF\0\1\1" + bytes([unit]) + b"\1\x2c\0\xc8\0\0")
    pixels = build.segments(build.encoded(corpus.picture(), "JPEG"))[1:]
    stated = build.segment(0xE1, exif.HEADER + exif.minimal(6, (72, 96)))
    for data in (build.jpeg([header, stated, *pixels]), build.jpeg([stated, header, *pixels])):
        structure = jpeg.read(data)
        assert structure.density == (density or (72, 96))
        turned = jpeg.with_orientation(structure.clean(), 6)
        assert (jpeg.read(turned).density, jpeg.read(turned).orientation) == (structure.density, 6)
        assert jpeg.read(turned).clean() == structure.clean()
    assert jpeg.read(build.jpeg([header, *pixels])).density == density


def test_adobe_rgb_stated_only_in_exif_becomes_a_profile() -> None:
    pixels = build.segments(build.encoded(corpus.picture(), "JPEG"))

    def told(space: int, index: bytes) -> bytes:
        stated = build.segment(0xE1, exif.HEADER + build.exif_of_colour(space, index))
        return jpeg.read(build.jpeg([stated, *pixels])).profile

    assert told(65535, b"R03\0") == told(2, b"R98\0") == colour.adobe_rgb()
    assert told(65535, b"R98\0") == told(1, b"R03\0") == b""
    mine = build.icc_profile(b"RGB ")
    both = build.encoded(corpus.picture(), "JPEG", icc_profile=mine, exif=build.exif_of_colour(65535, b"R03\0"))
    assert jpeg.read(both).profile == icc.clean(mine)


@pytest.mark.parametrize("marker", [0xC3, 0xC9, 0xCA, 0xCF])
def test_an_unsupported_kind_of_jpeg_is_not_reported_as_damaged(marker: int) -> None:
    parts = build.segments(build.encoded(corpus.picture(), "JPEG"))
    other = [b"\xff" + bytes([marker]) + part[2:] if part[1] == 0xC0 else part for part in parts]
    with pytest.raises(UnsupportedImage, match="kind of JPEG that is not supported"):
        jpeg.read(build.jpeg(other))


def test_too_many_scans_are_refused_as_too_complex_first() -> None:
    progressive = build.encoded(corpus.picture(64, 64), "JPEG", progressive=True)
    with pytest.raises(UnreadableImage):
        jpeg.read(build.with_scans(progressive, MAX_SCANS))
    with pytest.raises(TooComplex):
        jpeg.read(build.with_scans(progressive, MAX_SCANS + 1))


def test_many_fill_bytes_take_linear_time() -> None:
    data = build.encoded(corpus.picture(), "JPEG")[:-2] + (b"\xff" * 10_000 + b"\x00") * 50
    begun = time.process_time()
    jpeg.read(data)
    assert time.process_time() - begun < 2


def test_segments_are_counted_in_the_whole_file() -> None:
    parts = build.segments(build.encoded(corpus.picture(), "JPEG"))
    jpeg.read(build.jpeg([*[build.segment(0xE5, b"")] * 9_000, *parts]))
    with pytest.raises(TooComplex):
        jpeg.read(build.jpeg([*parts, *[build.segment(0xE5, b"")] * 10_000]))
