"""Files made to exhaust, to mislead or to be half of something, each with the code of its refusal.

They only claim what would exhaust: sizes in a header over a few bytes, counts and texts just over a limit. Given to a
library itself, none costs more than 0.2 s or 8 MB (`test_cost.py`). `info` says whether header and structure give
the file away; the others are found when they are verified. Everything is seeded, so a file is the same in every run.
"""

import random
import struct
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from PIL import Image

from shared.image_format.structure import MAX_CHUNKS, MAX_PROFILE_BYTES, MAX_SCANS
from tests.hostile.build import (
    IEND,
    PNG_SIGNATURE,
    chunk,
    claiming_jpeg,
    claiming_png,
    claiming_webp,
    encoded,
    header,
    jpeg,
    png,
    riff,
    riff_chunks,
    segment,
    segments,
    with_scans,
)


@dataclass(frozen=True, slots=True)
class Hostile:
    name: str
    data: bytes
    code: str
    info: bool = True

    def __str__(self) -> str:
        return self.name


@cache
@cache
def files() -> tuple[Hostile, ...]:
    return (*_bombs(), *_sides(), *_texts(), *_scans(), *_animations(), *_broken(), *_jpeg_damage(), *_strangers())


def picture(width: int = 320, height: int = 240) -> Image.Image:
    """Noise over a gradient: no two encoders' shortcuts, the same in every run."""
    noise = Image.frombytes("L", (width, height), random.Random(width).randbytes(width * height))
    slope = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (Image.blend(noise, slope, 0.7), slope, noise.point(lambda level: level // 2)))


def _bombs() -> Iterator[Hostile]:
    """Few bytes that claim many pixels."""
    large = "image_too_large"
    yield Hostile("png 20,000 x 20,000 of one bit", claiming_png(20_000, 20_000, 1, 0), large)
    yield Hostile("png 13,000 x 13,000, beyond Pillow's warning", claiming_png(13_000, 13_000), large)
    yield Hostile("png 7,100 x 7,100, just beyond our limit", claiming_png(7_100, 7_100), large)
    yield Hostile("png RGBA of 16 bits", claiming_png(9_400, 9_400, 16, 6), large)
    yield Hostile("png that claims the largest sides there are", claiming_png(0x7FFFFFFF, 0x7FFFFFFF), large)
    yield Hostile("webp of 26 bytes that claims 9,400 x 9,400", claiming_webp(9_400, 9_400), large)
    yield Hostile("webp with a small frame on a large canvas", _canvas(16_384, 16_384), "unreadable_image")
    yield Hostile("webp with a large frame on a small canvas", _canvas(100, 100), "unreadable_image")
    yield Hostile("jpeg that claims 65,000 x 65,000", claiming_jpeg(65_000, 65_000), large)


def _canvas(width: int, height: int) -> bytes:
    extended = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return riff((b"VP8X", extended), *riff_chunks(encoded(picture(), "WEBP")))


def _sides() -> Iterator[Hostile]:
    yield Hostile("png 1 x 500,000", claiming_png(1, 500_000), "image_too_large")
    yield Hostile("png 500,000 x 1", claiming_png(500_000, 1), "image_too_large")
    yield Hostile("png 16,001 x 16", claiming_png(16_001, 16), "image_too_large")
    yield Hostile("png 1 x 1", png(1, 1), "image_too_small")
    yield Hostile("png 0 x 10", png(0, 10), "image_too_small")
    yield Hostile("png 15 x 400", png(15, 400), "image_too_small")
    yield Hostile("jpeg 400 x 15", encoded(picture(400, 15), "JPEG"), "image_too_small")
    yield Hostile("jpeg without a height", claiming_jpeg(320, 0), "image_too_small")
    yield Hostile("webp 15 x 15", encoded(picture(15, 15), "WEBP"), "image_too_small")


def _texts() -> Iterator[Hostile]:
    """Profiles and counts just over their limits. Texts may have any length, since they are not read."""
    long = b"v" * (MAX_PROFILE_BYTES + 1)

    def stuffed(name: str, before: bytes) -> Hostile:
        return Hostile(name, png(16, 16, before=before), "too_complex")

    yield stuffed("png with a profile over the limit", chunk(b"iCCP", b"p\0\0" + zlib.compress(long)))
    yield stuffed("png with too many empty chunks", chunk(b"aaAa") * MAX_CHUNKS)
    yield stuffed("png with pixels in too many empty chunks", chunk(b"IDAT") * MAX_CHUNKS)
    plain = segments(encoded(picture(), "JPEG"))
    profiled = segments(encoded(picture(), "JPEG", icc_profile=long))
    stopped = jpeg([segment(0xDB, b"\x00"), *profiled])  # by a table cut short, so that no decoder copies the profile
    yield Hostile("jpeg with a profile over the limit", stopped, "too_complex")
    yield Hostile("jpeg with too many empty comments", jpeg([segment(0xFE, b"")] * MAX_CHUNKS + plain), "too_complex")
    head, profile, _ = riff_chunks(encoded(picture(), "WEBP", icc_profile=long))
    stopped = riff(head, profile, *riff_chunks(claiming_webp(320, 240)))
    yield Hostile("webp with a profile over the limit", stopped, "too_complex")
    pixels = riff_chunks(encoded(picture(), "WEBP"))
    empty = (b"aaaa" + bytes(4)) * MAX_CHUNKS
    yield Hostile("webp with too many empty chunks", riff(*pixels, after=empty), "too_complex")


def _scans() -> Iterator[Hostile]:
    progressive = encoded(picture(64, 64), "JPEG", progressive=True)
    yield Hostile("jpeg with a scan too many", with_scans(progressive, MAX_SCANS + 1), "too_complex")


def _animations() -> Iterator[Hostile]:
    frames = [picture(64, 64).rotate(7 * index) for index in range(20)]
    for kind in ("PNG", "WEBP"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=20)
        yield Hostile(f"animated {kind.lower()}", data, "animated_image")


def _broken() -> Iterator[Hostile]:
    wrong = "unreadable_image"
    whole = {
        "jpeg": encoded(picture(), "JPEG", quality=90),
        "progressive jpeg": encoded(picture(), "JPEG", quality=90, progressive=True),
        "png": encoded(picture(), "PNG"),
        "lossy webp": encoded(picture(), "WEBP"),
        "lossless webp": encoded(picture(), "WEBP", lossless=True),
    }
    yield Hostile("empty", b"", wrong)
    yield Hostile("one byte of a png", b"\x89", wrong)
    yield Hostile("two bytes of a jpeg", b"\xff\xd8", wrong)
    yield Hostile("one byte of anything", b"x", "unsupported_image")
    yield Hostile("png signature", PNG_SIGNATURE, wrong)
    yield Hostile("jpeg signature", b"\xff\xd8\xff", wrong)
    yield Hostile("webp signature", b"RIFF\x04\0\0\0WEBP", wrong)
    for name, data in whole.items():
        by_its_end = "jpeg" in name  # which may be missing, so it is the decoder that misses the rest
        for percent in (1, 50, 99):
            cut, info = data[: max(30, len(data) * percent // 100)], percent == 1 or not by_its_end
            yield Hostile(f"{name} cut at {percent} %", cut, wrong, info)
        if not by_its_end:
            yield Hostile(f"{name} without its last byte", data[:-1], wrong)
    yield Hostile("png with 50 bytes flipped", _flipped(whole["png"], 50), wrong, info=False)
    for name in ("jpeg", "progressive jpeg"):  # no checksum: with few bytes flipped it is just another picture
        yield Hostile(f"{name} with 500 bytes flipped", _flipped(whole[name], 500), wrong)
    webp_pixels = riff_chunks(whole["lossy webp"])[0][1]
    yield Hostile("webp with half its pixels", riff((b"VP8 ", webp_pixels[: len(webp_pixels) // 2])), wrong, info=False)
    lossless = riff_chunks(whole["lossless webp"])[0][1]
    yield Hostile(
        "webp with half its lossless pixels", riff((b"VP8L", lossless[: len(lossless) // 2])), wrong, info=False
    )
    yield from _broken_pngs(whole["png"])


def _flipped(data: bytes, count: int) -> bytes:
    chance, flipped = random.Random(1), bytearray(data)
    for _ in range(count):
        flipped[chance.randrange(len(data) // 4, len(data) - 20)] ^= 0xFF
    return bytes(flipped)


def _broken_pngs(plain: bytes) -> Iterator[Hostile]:
    pixels = zlib.compress(bytes(97 * 32))

    def wrong(name: str, data: bytes, *, info: bool = True) -> Hostile:
        return Hostile(f"png {name}", data, "unreadable_image", info)

    def rows(value: int) -> bytes:
        return zlib.compress((b"\x00" + bytes(96)) * 31 + bytes([value]) + bytes(96))

    yield wrong("with a wrong checksum in its header", plain[:29] + bytes(4) + plain[33:], info=False)
    yield wrong("with one pixel byte flipped", _swapped(plain, plain.index(b"IDAT") + 90), info=False)
    yield wrong("with a length of 2 GB", PNG_SIGNATURE + header(64, 64) + chunk(b"IDAT", length=0x7FFFFFFF))
    yield wrong("without pixels", PNG_SIGNATURE + header(64, 64) + IEND)
    yield wrong("without a palette", png(32, 32, 8, 3))
    yield wrong("with a damaged palette", png(32, 32, 8, 3, before=chunk(b"PLTE", bytes(9), checksum=0)))
    xcode = PNG_SIGNATURE + chunk(b"CgBI", bytes(4)) + plain[8:]
    yield Hostile("png of Xcode's kind", xcode, "unsupported_image")
    yield wrong("of nine bits", png(32, 32, 9, 0))
    yield wrong("of colour type five", PNG_SIGNATURE + header(32, 32, 8, 5) + chunk(b"IDAT", pixels) + IEND)
    yield wrong("with a second header", png(32, 32, stream=pixels, before=header(9_000, 9_000)))
    yield wrong(
        "with pixels in two places", png(32, 32, stream=pixels, after=chunk(b"tEXt", b"k\0v") + chunk(b"IDAT", pixels))
    )
    yield wrong("with a chunk nobody knows and nobody may skip", png(32, 32, stream=pixels, before=chunk(b"BOMB")))
    yield wrong("with a row too few", png(32, 32, stream=zlib.compress(bytes(97 * 31))), info=False)
    yield wrong("interlaced with a row too few", png(32, 32, stream=pixels, interlaced=1), info=False)
    yield wrong("with a filter that does not exist", png(32, 32, stream=rows(5)), info=False)
    yield wrong("whose pixels are no deflate stream", png(32, 32, stream=bytes(range(200))), info=False)
    yield wrong("whose stream has a wrong checksum", png(32, 32, stream=pixels[:-4] + bytes(4)), info=False)


def _swapped(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 0xFF]) + data[position + 1 :]


def _jpeg_damage() -> Iterator[Hostile]:
    """Half a picture that claims to be whole: libjpeg would paint the rest grey and say nothing."""

    def wrong(name: str, data: bytes, *, info: bool = True) -> Hostile:
        return Hostile(f"jpeg {name}", data, "unreadable_image", info)

    plain, progressive = encoded(picture(), "JPEG"), encoded(picture(), "JPEG", progressive=True)
    parts, scans = segments(plain), segments(progressive)
    for share in (0.5, 0.9, 0.99):
        cut = jpeg([*parts[:-1], parts[-1][: int(len(parts[-1]) * share)]])
        yield wrong(f"cut at {share:.0%} with its end put back", cut, info=False)
    cut = progressive[: len(progressive) // 4] + b"\xff\xd9"
    yield wrong("progressive, cut with its end put back", cut, info=False)
    five = [index for index, part in enumerate(scans) if part[1] == 0xDA][5]
    yield wrong("progressive with its first five scans", jpeg(scans[:five]))
    yield wrong("without a scan", jpeg(parts[:-1]))
    yield wrong("with its scan 60 times", jpeg([*parts, *parts[-1:] * 59]))
    yield wrong("without a frame", jpeg([part for part in parts if part[1] != 0xC0]))
    yield wrong("with two frames", jpeg([parts[0], *[part for part in parts if part[1] == 0xC0], *parts[1:]]))
    yield wrong("with a marker that is none", jpeg([*parts, b"\xff\x42\x00\x02"]))
    yield wrong("with a start inside", jpeg([*parts, b"\xff\xd8"]))
    for name, marker in (("lossless", b"\xff\xc3"), ("arithmetic", b"\xff\xc9")):
        other = jpeg([marker + part[2:] if part[1] == 0xC0 else part for part in parts])
        yield Hostile(f"jpeg of {name} coding", other, "unsupported_image")
    yield wrong("of a segment with a length of one", jpeg([b"\xff\xfe\x00\x01", *parts]))
    twelve = jpeg([part[:4] + b"\x0c" + part[5:] if part[1] == 0xC0 else part for part in parts])
    yield Hostile("jpeg of twelve bits", twelve, "unsupported_image")
    yield wrong("of fill bytes only", b"\xff\xd8" + b"\xff" * 100_000)
    yield wrong("of zeros only", b"\xff\xd8\xff" + bytes(100_000))
    yield wrong("without quantisation tables", jpeg([part for part in parts if part[1] != 0xDB]), info=False)


def _strangers() -> Iterator[Hostile]:
    """Other formats under any name: each would reach a decoder that we do not need."""

    def stranger(name: str, data: bytes) -> Hostile:
        return Hostile(name, data, "unsupported_image")

    image = picture(64, 64)
    modes = {"MSP": "1", "XBM": "1", "SPIDER": "F"}
    for kind in (*modes, "TGA", "PPM", "ICO", "PCX", "SGI", "JPEG2000", "DDS", "QOI", "EPS"):
        yield stranger(kind.lower(), encoded(image.convert(modes.get(kind, "RGB")), kind))
    then = time.gmtime(0)
    yield stranger("pdf", encoded(image, "PDF", creationDate=then, modDate=then))
    yield stranger("html", b"<html><script>alert(1)</script></html>")
    yield stranger("postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\n(id) (w) file\n")
    yield stranger("ppm that claims 60,000 x 60,000", b"P6 60000 60000 0\n" + bytes(100))
    yield stranger("fits", b"SIMPLE  =                    T".ljust(2880))
    yield stranger("psd", b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 30_000, 30_000, 8, 3))
    yield stranger("icns", b"icns" + struct.pack(">I4sI", 108, b"ic10", 100) + bytes(92))
    yield stranger("wave file", b"RIFF\x24\0\0\0WAVEfmt " + bytes(28))
    yield stranger("noise", random.Random(2).randbytes(100_000))
    yield stranger("jpeg after a byte", b"\0" + encoded(image, "JPEG"))
    yield stranger("zip", b"PK\x03\x04" + bytes(100))
