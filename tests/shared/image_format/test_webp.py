"""Simple and extended files are read alike, and what is put together again is a file."""

import io

import pytest
from PIL import Image

from shared.errors import UnreadableImage
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


def test_a_cleaned_extended_file_admits_to_nothing_it_has_lost() -> None:
    data = build.encoded(corpus.picture(), "WEBP", exif=exif.HEADER + exif.minimal(6), xmp=b"<x/>")
    assert dict(build.riff_chunks(data))[b"VP8X"][0] & 0x0C
    chunks = dict(build.riff_chunks(webp.read(data).clean()))
    assert set(chunks) == {b"VP8X", b"VP8 "}
    assert chunks[b"VP8X"][0] == 0


def test_a_simple_file_becomes_an_extended_one_to_carry_an_orientation() -> None:
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
