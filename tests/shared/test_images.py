"""Which pictures are refused with which message, and what accepted ones look like afterwards."""

import io
import itertools
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared import errors, fast_png, images
from shared.image_format import icc
from shared.image_format.structure import Format
from tests.hostile import benign, build, corpus
from tests.hostile.benign import Benign
from tests.hostile.corpus import Hostile

HONEST, HOSTILE = benign.files(), corpus.files()


def info(data: bytes) -> images.ImageInfo:
    found = images.inspect(data)
    images.verify(data, found)
    return found


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8)


def test_there_are_about_as_many_honest_files_as_hostile_ones() -> None:
    assert len(HONEST) > 100 < len(HOSTILE)
    assert len({str(case) for case in (*HONEST, *HOSTILE)}) == len(HONEST) + len(HOSTILE)


@pytest.mark.parametrize("case", HOSTILE, ids=str)
def test_a_hostile_file_is_refused_with_the_right_reason(case: Hostile) -> None:
    if case.info:
        with pytest.raises(errors.Failure) as refused:
            images.inspect(case.data)
    else:
        found = images.inspect(case.data)
        with pytest.raises(errors.Failure) as refused:
            images.verify(case.data, found)
    assert refused.value.code == case.code


@pytest.mark.parametrize("case", HONEST, ids=str)
def test_an_honest_file_is_accepted_and_displays_correctly(case: Benign) -> None:
    found = info(case.data)
    assert ((found.width, found.height), found.orientation) == (case.size, case.orientation)
    picture = images.decode(case.data, found)
    assert picture.size == case.size
    for middle, expected in zip(benign.middles(picture), case.corners, strict=True):
        seen = picture.getpixel(middle)
        assert isinstance(seen, tuple)
        assert len(seen) == len(expected)
        assert all(abs(one - other) <= case.near for one, other in zip(seen, expected, strict=True)), (seen, expected)


@pytest.mark.parametrize("case", HONEST, ids=str)
def test_private_metadata_is_neither_stored_nor_passed_on(case: Benign) -> None:
    found = images.inspect(case.data)
    stored = images.strip(case.data, found)
    picture = images.decode(case.data, found)
    preview = images.preview(picture)
    saved = build.encoded(picture, "PNG")
    for data in (stored.data, preview.data, saved):
        assert benign.SECRET.encode() not in data
        with Image.open(io.BytesIO(data)) as image:
            assert not image.getexif()
    assert not picture.info


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, about the EXIF of a received file
@pytest.mark.parametrize("case", HONEST, ids=str)
def test_stored_pixels_equal_the_received_ones(case: Benign) -> None:
    """As Pillow decodes both files, independently of our code."""
    found = images.inspect(case.data)
    stored = images.strip(case.data, found)
    assert (stored.content_type, stored.orientation) == (found.format.content_type, case.orientation)
    if "damaged" not in case.name:  # Pillow refuses the received file for a text chunk that we drop
        with Image.open(io.BytesIO(case.data)) as received, Image.open(io.BytesIO(stored.data)) as kept:
            assert (kept.mode, kept.size, kept.tobytes()) == (received.mode, received.size, received.tobytes())
            assert kept.info.get("icc_profile", b"") == icc.clean(received.info.get("icc_profile", b""))
            assert kept.info.get("transparency") == received.info.get("transparency")
    assert images.strip(stored.data, info(stored.data)).data == stored.data


@pytest.mark.parametrize("case", HONEST, ids=str)
def test_a_stored_file_states_its_orientation_when_sent_to_a_provider(case: Benign) -> None:
    stored = images.strip(case.data, images.inspect(case.data))
    sent = images.with_orientation(stored.data, stored.orientation)
    found = info(sent)
    assert found.orientation == case.orientation
    assert images.decode(sent, found).tobytes() == images.decode(case.data, images.inspect(case.data)).tobytes()
    with Image.open(io.BytesIO(sent)) as image:
        assert dict(image.getexif()) == ({0x0112: case.orientation} if case.orientation > 1 else {})


def test_an_upright_file_is_sent_as_stored() -> None:
    data = build.encoded(benign.scene(), "JPEG")
    assert images.with_orientation(data, 1) is data


def test_inspection_opens_no_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object, **__: object) -> None:
        raise AssertionError("Pillow was asked")

    monkeypatch.setattr(Image, "open", asked)
    for case in HOSTILE:
        if case.info:
            with pytest.raises(errors.Failure):
                images.inspect(case.data)
    for honest in HONEST:
        images.inspect(honest.data)


def test_pillow_tries_only_one_format(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, real = set(), Image.open

    def listening(file: io.BytesIO, formats: tuple[str, ...]) -> Image.Image:
        asked.add(formats)
        return real(file, formats=formats)

    monkeypatch.setattr(Image, "open", listening)
    for case in HONEST:
        images.decode(case.data, images.inspect(case.data))
    assert asked == {("JPEG",), ("PNG",), ("WEBP",)}


def test_running_out_of_memory_is_not_an_error_of_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError

    data = build.encoded(benign.scene(), "JPEG")
    found = images.inspect(data)
    monkeypatch.setattr(Image, "open", exhausted)
    with pytest.raises(errors.Busy):
        images.verify(data, found)


def test_verification_decodes_one_picture_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    data = build.encoded(benign.scene(), "JPEG")
    found, real, busy, met = images.inspect(data), Image.open, threading.Lock(), threading.Event()

    def slow(file: io.BytesIO, formats: tuple[str, ...]) -> Image.Image:
        if not busy.acquire(blocking=False):
            met.set()
            busy.acquire()
        time.sleep(0.05)
        busy.release()
        return real(file, formats=formats)

    monkeypatch.setattr(Image, "open", slow)
    threads = [threading.Thread(target=images.verify, args=(data, found)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not met.is_set()


def test_any_damage_to_a_file_raises_only_our_failures() -> None:
    """A thousand files with a few bytes changed, cut out or doubled."""
    chance = random.Random(3)
    for case in itertools.islice(itertools.cycle(HONEST), 1000):
        data = bytearray(case.data[:20_000])
        for _ in range(chance.randrange(1, 6)):
            start = chance.randrange(len(data))
            data[start : start + chance.choice((0, 1, 4))] = chance.randbytes(chance.choice((0, 1, 4)))
        try:
            found = info(bytes(data))
            images.strip(bytes(data), found)
            images.decode(bytes(data), found)
        except errors.Failure as failure:
            assert failure.status in (415, 422)  # noqa: PT017 - either outcome is right


def test_limits_include_their_own_value() -> None:
    images.inspect(build.png(10_000, 5_000))
    with pytest.raises(errors.ImageTooLarge):
        images.inspect(build.png(10_000, 5_001))
    images.inspect(build.png(16_000, 16))


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    values = [0, 1, 128, 129, 385, 386, 32_767, 40_000, 65_406, 65_535, *range(0, 65_536, 1_111)]
    data = build.png_of(len(values), 16, 16, 0, lambda x, _: (values[x],))
    picture = images.decode(data, info(data)).convert("L")
    assert [picture.getpixel((x, 0)) for x in range(len(values))] == [round(value / 257) for value in values]


def test_a_format_has_a_name_and_a_content_type() -> None:
    assert [(kind.content_type, kind.extension, kind.label) for kind in (Format.JPEG, Format.WEBP, Format.SVG)] == [
        ("image/jpeg", "jpg", "JPEG"),
        ("image/webp", "webp", "WebP"),
        ("image/svg+xml", "svg", "SVG"),
    ]


@pytest.mark.parametrize(
    ("size", "small"), [((4000, 3000), (1024, 768)), ((20, 5000), (4, 1024)), ((300, 200), (300, 200))]
)
def test_a_preview_fits_and_is_never_enlarged(size: tuple[int, int], small: tuple[int, int]) -> None:
    source = Image.new("RGB", size, benign.RED)
    preview = images.preview(source)
    with Image.open(io.BytesIO(preview.data), formats=("WEBP",)) as image:
        assert image.size == preview.size == small
    assert preview.content_type == "image/webp"
    assert source.size == size


def test_a_preview_has_alpha_without_bleeding_of_hidden_colours() -> None:
    source = Image.new("RGBA", (2048, 2048), (0, 255, 0, 0))  # green under alpha 0
    source.paste((*benign.RED, 255), (512, 512, 1536, 1536))
    with Image.open(io.BytesIO(images.preview(source).data)) as image:
        white = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA")).convert("RGB")
        assert image.convert("RGBA").getchannel("A").getextrema() == (0, 255)
    edge = [white.getpixel((x, 512)) for x in range(240, 272)]
    assert all(isinstance(pixel, tuple) and pixel[1] <= pixel[0] + 8 for pixel in edge)


@pytest.mark.parametrize("quickly", [fast_png.decode, lambda *_: None], ids=["ours", "anybody's"])
def test_a_valid_cutout_is_opened(quickly: Callable[[bytes, int, int], object]) -> None:
    pixels = noise(40, 30, 4)
    picture = images.open_cutout(fast_png.encode(pixels), 30, 40, quickly)
    assert (picture.mode, picture.size) == ("RGBA", (30, 40))
    assert np.array_equal(np.asarray(picture), pixels)


def test_an_opaque_cutout_is_still_rgba() -> None:
    pixels = noise(40, 30, 4)
    pixels[..., 3] = 255
    assert np.array_equal(np.asarray(images.open_cutout(fast_png.encode(pixels), 30, 40)), pixels)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"<html>503</html>", "web page"),
        (fast_png.encode(noise(40, 30, 4))[:-40], "damaged"),
        (fast_png.encode(noise(40, 30, 3)), "alpha"),
        (fast_png.encode(noise(30, 40, 4)), "expected 30x40, got 40x30"),
        (build.encoded(Image.new("RGBA", (30, 40)), "WEBP"), "expected a PNG"),
        (build.png(9_000, 9_000, 8, 6), "too many pixels"),
    ],
    ids=["nothing", "a page", "half", "no alpha", "other sides", "other format", "a bomb"],
)
def test_anything_else_is_refused_as_a_cutout(data: bytes, reason: str) -> None:
    for quickly in (fast_png.decode, lambda *_: None):
        with pytest.raises(images.NotACutout, match=reason):
            images.open_cutout(data, 30, 40, quickly)
    assert issubclass(images.NotACutout, ValueError)


def test_the_pictures_of_the_fixtures_are_accepted() -> None:
    folder = Path("../shared/fixtures")
    paths = sorted(folder.glob("*.jpg"))
    if not paths:
        pytest.skip("the shared fixtures are not here")
    formats = {path.stem: info(path.read_bytes()).format for path in paths}
    assert formats["plants-1"] is Format.PNG  # the content decides, not the name
    assert formats["cloth-1"] is Format.JPEG
