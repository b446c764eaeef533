"""Formats that are not stored become a PNG that looks the same, without other data."""

import io
import select
import socket
import struct
import threading
import zlib

import pytest
from PIL import Image, ImageCms

from shared import errors, images
from shared.image_format import icc, png
from shared.image_format.signature import recognise
from shared.image_format.structure import STORED, Format
from shared.images import conversion
from tests.hostile import benign, convertible
from tests.hostile.benign import Benign
from tests.hostile.build import encoded, icc_profile
from tests.hostile.corpus import Hostile


def converted(data: bytes) -> bytes:
    return conversion.to_png(data, recognise(data, list(Format)))


@pytest.mark.parametrize("case", convertible.honest(), ids=str)
def test_an_honest_file_becomes_a_png_that_looks_the_same(case: Benign) -> None:
    made = converted(case.data)
    info = images.inspect(made)
    images.verify(made, info)
    picture = images.decode(made, info)
    assert (picture.size, info.format, info.orientation) == (case.size, Format.PNG, 1)
    for middle, expected in zip(benign.middles(picture), case.corners, strict=True):
        seen = picture.getpixel(middle)
        assert isinstance(seen, tuple)
        assert len(seen) == len(expected)
        assert all(abs(one - other) <= case.near for one, other in zip(seen, expected, strict=True)), (seen, expected)
    assert benign.SECRET.encode() not in images.strip(made, info).data


@pytest.mark.parametrize("case", convertible.hostile(), ids=str)
def test_a_hostile_file_is_refused_with_the_right_reason(case: Hostile) -> None:
    with pytest.raises(errors.Failure) as refused:
        converted(case.data)
    assert refused.value.code == case.code


@pytest.mark.parametrize("case", [*convertible.honest(), *convertible.hostile()], ids=str)
def test_only_the_decoder_accepts_them(case: Benign | Hostile) -> None:
    with pytest.raises(errors.UnsupportedImage, match="accepted are JPEG, PNG and WebP"):
        images.inspect(case.data)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("samples", [1, 3, 4])
def test_all_16_bits_are_preserved(order: str, samples: int) -> None:
    """The low bytes differ from the high ones."""
    made = converted(convertible.wide_tiff(order, samples, low=0x35))
    info = images.inspect(made)
    images.verify(made, info)
    assert png.bit_depth(made) == 16
    if samples == 1:
        with Image.open(io.BytesIO(made)) as image:
            assert set(image.tobytes()[::2]) == {0x35}
    else:
        rows = _rows(made, 2 * samples * info.width)
        assert {value for row in rows for value in row[1::2]} == {0x35}
        assert rows[0][:6:2] == bytes(benign.RED)


def _rows(data: bytes, row_bytes: int) -> list[bytes]:
    """The bytes of a PNG in which every row has the filter Up."""
    packed = b"".join(bytes(part[8:-4]) for part in png.read(data).parts if part[4:8] == b"IDAT")
    raw, rows = zlib.decompress(packed), [bytes(row_bytes)]
    for at in range(0, len(raw), 1 + row_bytes):
        assert raw[at] == 2
        told = raw[at + 1 : at + 1 + row_bytes]
        rows.append(bytes((one + other) % 256 for one, other in zip(told, rows[-1], strict=True)))
    return rows[1:]


def test_a_profile_and_the_print_size_are_preserved() -> None:
    profile = icc_profile(b"RGB ", (1, 0, 2))
    for kind in ("TIFF", "HEIF", "AVIF"):
        exif = Image.Exif()
        exif[0x011A], exif[0x011B], exif[0x0128] = 300.0, 150.0, 2
        stated = {"dpi": (300, 150)} if kind == "TIFF" else {"exif": exif}
        structure = png.read(converted(encoded(benign.scene(), kind, icc_profile=profile, **stated)))
        assert structure.profile == icc.clean(profile), kind
        assert structure.density == pytest.approx((300, 150), rel=1e-4), kind
    assert png.read(converted(encoded(benign.scene(), "BMP", dpi=(300, 300)))).density == pytest.approx(
        (300, 300), 1e-4
    )
    drawn = convertible.svg('width="240mm" height="160mm" viewBox="0 0 48 32"', convertible.quarters())
    assert png.read(converted(drawn)).density == pytest.approx((2_400 / 24 * 2.54,) * 2, rel=1e-4)


def test_a_tiff_without_a_resolution_has_no_print_size() -> None:
    assert png.read(converted(encoded(benign.scene(), "TIFF"))).density is None


def test_display_p3_stated_only_by_code_points_becomes_a_profile() -> None:
    """As written by encoders that omit the profile to save bytes."""
    avif = encoded(benign.scene(), "AVIF", quality=100)
    at = avif.index(b"colrnclx") + 8
    structure = png.read(converted(avif[:at] + struct.pack(">HH", 12, 13) + avif[at + 4 :]))
    red = ImageCms.ImageCmsProfile(io.BytesIO(structure.profile)).profile.red_colorant
    assert red is not None
    assert red[0] == pytest.approx((0.5151, 0.2412, -0.0011), abs=1e-3)


def test_a_converted_picture_that_other_services_would_refuse_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_STORED_BYTES", 100)
    with pytest.raises(errors.ImageTooLarge):
        converted(encoded(benign.scene(), "BMP"))


def test_stored_formats_are_not_converted() -> None:
    assert {Format.JPEG, Format.PNG, Format.WEBP} == STORED


def test_other_threads_wait_for_their_connections_while_a_drawing_is_rendered() -> None:
    drawn = convertible.svg('width="240mm" height="160mm" viewBox="0 0 48 32"', convertible.quarters())
    failed: list[OSError] = []
    ended = threading.Event()

    def wait_for_connections(waiting: select.poll) -> None:
        while not ended.is_set():
            try:
                waiting.poll(1)
            except OSError as error:
                failed.append(error)

    one, other = socket.socketpair()
    with one, other:
        waiting = select.poll()
        waiting.register(one)
        thread = threading.Thread(target=wait_for_connections, args=[waiting])
        thread.start()
        for _ in range(5):
            converted(drawn)
        ended.set()
        thread.join()
    assert failed == []
