"""Every way to state colours in a file gives the right picture."""

import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from shared import errors, images
from shared.image_format import icc
from shared.image_format.colour import SRGB_CURVE
from shared.images import srgb
from tests.hostile import build
from tests.hostile.build import chunk, icc_profile

SRGB = [31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000]
P3 = [31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000]
RED, GREEN, BROWN = (200, 40, 40), (40, 200, 60), (150, 90, 60)


def gamma(value: int) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", value))


def chromaticities(values: list[int]) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *values))


def profile(made: bytes) -> bytes:
    return chunk(b"iCCP", b"p\0\0" + zlib.compress(made))


def cicp(*values: int) -> bytes:
    return chunk(b"cICP", bytes(values))


def named(made: bytes, name: bytes) -> bytes:
    """The same profile under another name."""
    return made.replace(b"SECRET-PROFILE", name.ljust(14, b"\0")[:14])


def shown(colour: tuple[int, ...], *before: bytes, depth: int = 8, kind: int = 2) -> tuple[int, ...]:
    """The sRGB value of a picture of one colour with these chunks, as received and as stored."""
    data = build.png_of(16, 16, depth, kind, lambda _x, _y: colour, before=b"".join(before))
    info = images.inspect(data)
    stored = images.strip(data, info).data
    seen = [images.decode(file, images.inspect(file)).getpixel((8, 8)) for file in (data, stored)]
    assert seen[0] == seen[1]
    assert isinstance(seen[0], tuple)
    return seen[0]


def encoded(light: float) -> int:
    return round(255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055))


def light(level: int) -> float:
    value = level / 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


LINEAR_BROWN = tuple(encoded(level / 255) for level in BROWN)


def test_the_content_of_a_profile_counts_and_not_its_name() -> None:
    linear = icc_profile(b"RGB ", gamma=1.0)
    for name in (b"sRGB-elle-V2-g", b"sRGB built-in ", b"linear", b""):
        assert shown(BROWN, profile(named(linear, name))) == pytest.approx(LINEAR_BROWN, abs=1), name
    srgb_by_another_name = icc.made(icc.RGB, _tags_of_srgb())
    assert shown(BROWN, profile(srgb_by_another_name)) == BROWN


def _tags_of_srgb() -> dict[bytes, bytes]:
    tags = {b"wtpt": icc.xyz(*icc.D50), b"rXYZ": icc.xyz(0.4361, 0.2225, 0.0139)}
    tags |= {b"gXYZ": icc.xyz(0.3851, 0.7169, 0.0971), b"bXYZ": icc.xyz(0.1431, 0.0606, 0.7139)}
    return tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), SRGB_CURVE)


def test_srgb_needs_no_conversion() -> None:
    picture = Image.new("RGB", (16, 16), BROWN)
    assert srgb.converted(picture, icc.made(icc.RGB, _tags_of_srgb())).tobytes() == picture.tobytes()


def test_the_png_standard_orders_contradictory_statements() -> None:
    linear, p3 = profile(icc_profile(b"RGB ", gamma=1.0)), cicp(12, 13, 0, 1)
    as_p3 = shown(GREEN, p3)
    assert as_p3 == pytest.approx((0, 204, 12), abs=2)
    assert shown(GREEN, linear, p3, chunk(b"sRGB", b"\0"), gamma(100_000)) == as_p3
    assert shown(BROWN, chunk(b"sRGB", b"\0"), linear, gamma(45_455)) == pytest.approx(LINEAR_BROWN, abs=1)
    assert shown(BROWN, gamma(100_000), chunk(b"sRGB", b"\0")) == BROWN
    assert shown(BROWN, gamma(100_000)) == pytest.approx(LINEAR_BROWN, abs=1)


@pytest.mark.parametrize(
    "senseless",
    [
        cicp(12, 13, 1, 1), cicp(12, 13, 0, 0), cicp(2, 13, 0, 1), cicp(12, 2, 0, 1), cicp(12, 13),
        profile(b"no profile"), profile(icc_profile(b"GRAY", gamma=1.0)), chunk(b"iCCP", b"p\0\0no stream"),
        gamma(0), gamma(1), chunk(b"gAMA", b"\0"), gamma(45_455),
        chromaticities([0] * 8), chromaticities([33_000] * 8), chunk(b"cHRM", bytes(7)), chromaticities(SRGB),
    ],
)  # fmt: skip
def test_an_invalid_statement_and_one_of_srgb_change_nothing(senseless: bytes) -> None:
    assert shown(BROWN, senseless) == BROWN


def test_chunks_after_the_palette_are_ignored() -> None:
    palette = chunk(b"PLTE", bytes(BROWN))
    for statement in (gamma(100_000), cicp(12, 13, 0, 1), profile(icc_profile(b"RGB ", gamma=1.0))):
        assert shown((0,), palette, statement, kind=3) == BROWN
        assert shown((0,), statement, palette, kind=3) != BROWN


@pytest.mark.parametrize("exponent", [0.35, 0.45, 0.55, 0.7, 1.0, 2.5])
def test_files_of_every_gamma_look_alike(exponent: float) -> None:
    """As PngSuite's g03 to g25: the same light, stored with different gammas."""
    levels = (0.02, 0.1, 0.3, 0.6, 0.9)
    stored = [tuple(round(65535 * amount**exponent) for _ in range(3)) for amount in levels]
    seen = [shown(colour, gamma(round(exponent * 100_000)), depth=16)[1] for colour in stored]
    assert seen == pytest.approx([encoded(amount) for amount in levels], abs=1)


def test_chromaticities_and_code_points_give_the_same_wide_colours() -> None:
    assert shown(GREEN, gamma(45_455), chromaticities(P3)) == shown(GREEN, cicp(12, 13, 0, 1))


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_hdr_is_refused_with_a_message(transfer: int, name: str) -> None:
    with pytest.raises(errors.UnsupportedImage, match=name):
        images.inspect(build.png(16, 16, before=cicp(9, transfer, 0, 1)))


@pytest.mark.parametrize("kind", [0, 2, 4, 6], ids=["grey", "RGB", "grey with alpha", "RGBA"])
@pytest.mark.parametrize("state", [gamma, None], ids=["by number", "by profile"])
def test_shadows_of_linear_light_are_distinct_in_16_bits(kind: int, state: Callable[[int], bytes] | None) -> None:
    """8 bits of linear light have only 13 levels below sRGB 100; 16 bits have one for each."""
    made = icc_profile(b"GRAY" if kind in (0, 4) else b"RGB ", gamma=1.0)
    statement = state(100_000) if state else profile(made)
    for level in (1, 5, 12, 13, 40, 99, 180, 254):
        sample = round(65535 * light(level))
        colour = {0: (sample,), 2: (sample,) * 3, 4: (sample, 65535), 6: (*(sample,) * 3, 65535)}[kind]
        assert shown(colour, statement, depth=16, kind=kind) == pytest.approx((level,) * 3, abs=1)


def test_grey_with_alpha_has_its_profile_applied_at_any_depth() -> None:
    linear = profile(icc_profile(b"GRAY", gamma=1.0))
    for depth in (8, 16):
        value, half = 90 * (1 if depth == 8 else 257), 128 * (1 if depth == 8 else 257)
        assert shown((value, half), linear, depth=depth, kind=4) == (encoded(90 / 255),) * 3 + (128,)


def test_8_bit_grey_is_exact_in_the_shadows() -> None:
    linear = profile(icc_profile(b"GRAY", gamma=1.0))
    for level in (1, 2, 5, 20, 128):
        assert shown((level,), linear, kind=0)[0] == pytest.approx(encoded(level / 255), abs=1)


def test_cmyk_without_a_profile_looks_as_printed() -> None:
    """The values are those of libvips 8.18 for its built-in profile `cmyk`, with its default intent."""
    inks = {(255, 0, 0, 0): (0, 156, 228), (0, 255, 0, 0): (234, 23, 133), (0, 0, 0, 255): (41, 35, 43)}
    inks |= {(0, 0, 0, 0): (255, 255, 255), (0, 128, 128, 64): (188, 116, 100)}
    for ink, colour in inks.items():
        for useless in (b"", icc_profile(b"RGB ")):
            seen = srgb.converted(Image.new("CMYK", (16, 16), ink), useless).getpixel((8, 8))
            assert seen == pytest.approx(colour, abs=1)
