"""Simple and extended files are read alike, and rewritten files are valid."""

import io

import pytest
from PIL import Image

from shared.errors import UnreadableImage, UnsupportedImage
from shared.image_format import exif, webp
from tests.hostile import build, corpus


def lossless(width: int, height: int, mode: str = "RGB") -> bytes:
    return build.encoded(corpus.picture(width, height).convert(mode), "WEBP", lossless=True)


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (300, 19)])
def test_sides_are_read_from_the_coded_picture(size: tuple[int, int]) -> None:
    for data in (lossless(*size), build.encoded(corpus.picture(*size), "WEBP")):
        structure = webp.read(data)
        assert (structure.width, structure.height) == size


def test_alpha_is_known_before_decoding() -> None:
    clear = Image.new("RGBA", (20, 20), (10, 20, 30, 40))
    assert webp.read(build.encoded(clear, "WEBP", lossless=True)).alpha
    assert webp.read(build.encoded(clear, "WEBP")).alpha
    assert not webp.read(lossless(20, 20)).alpha


def test_the_header_of_a_cleaned_file_lists_only_chunks_it_has() -> None:
    data = build.encoded(corpus.picture(), "WEBP", exif=exif.HEADER + exif.minimal(6), xmp=b"<x/>")
    assert dict(build.riff_chunks(data))[b"VP8X"][0] & 0x0C
    chunks = dict(build.riff_chunks(webp.read(data).clean()))
    assert set(chunks) == {b"VP8X", b"VP8 "}
    assert chunks[b"VP8X"][0] == 0


def test_a_simple_file_becomes_extended_to_hold_an_orientation() -> None:
    for mode in ("RGB", "RGBA"):
        data = lossless(31, 17, mode)
        sent = webp.with_orientation(data, 8)
        assert int.from_bytes(sent[4:8], "little") == len(sent) - 8
        with Image.open(io.BytesIO(sent)) as image, Image.open(io.BytesIO(data)) as stored:
            assert image.getexif()[0x0112] == 8
            assert image.tobytes() == stored.tobytes()


def test_two_pictures_in_one_file_are_refused() -> None:
    chunks = build.riff_chunks(lossless(20, 20))
    with pytest.raises(UnreadableImage):
        webp.read(build.riff(*chunks, *chunks))


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_only_the_density_of_exif_is_preserved(mode: str) -> None:
    told = Image.Exif()
    told[0x010F], told[0x011A], told[0x011B], told[0x0128], told[0x0112] = "SECRET", 300.0, 200.0, 2, 6
    structure = webp.read(build.encoded(corpus.picture().convert(mode), "WEBP", exif=told))
    assert (structure.density, structure.orientation) == ((300, 200), 6)
    assert b"SECRET" not in structure.clean()
    again = webp.read(structure.clean())
    assert (again.density, again.orientation, again.clean()) == ((300, 200), 1, structure.clean())
    turned = webp.read(webp.with_orientation(structure.clean(), 6))
    assert (turned.density, turned.orientation) == ((300, 200), 6)
    with Image.open(io.BytesIO(structure.clean())) as image:
        assert set(image.getexif()) == {0x011A, 0x011B, 0x0128}


def animation(*frames: bytes, place: bytes = bytes(6)) -> bytes:
    """An animation with frames of 20 x 20 pixels."""
    sides = (19).to_bytes(3, "little") * 2
    packed = [(b"ANMF", place + sides + bytes(4) + build.riff(*build.riff_chunks(frame))[12:]) for frame in frames]
    return build.riff((b"VP8X", bytes([2, 0, 0, 0]) + sides), (b"ANIM", bytes(6)), *packed)


def test_an_animation_of_one_frame_is_a_still_picture() -> None:
    still = lossless(20, 20)
    structure = webp.read(animation(still))
    assert not structure.animated
    with Image.open(io.BytesIO(structure.clean())) as image, Image.open(io.BytesIO(still)) as expected:
        assert image.convert("RGB").tobytes() == expected.convert("RGB").tobytes()
    assert webp.read(animation(still, still)).animated


def test_a_frame_that_does_not_fill_its_canvas_is_unsupported() -> None:
    for data in (animation(lossless(20, 20), place=b"\2\0\0\0\0\0"),):
        with pytest.raises(UnsupportedImage, match="smaller than its canvas"):
            webp.read(data)
    with pytest.raises(UnreadableImage):
        webp.read(animation(lossless(10, 10)))
