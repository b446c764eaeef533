"""Honest files in every mode that cameras, phones and image editors write, with what they must look like.

All show the same scene, four quarters of different colours, so that a turned, inverted, clipped or tinted picture is
detected.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from PIL import Image, PngImagePlugin

from tests.hostile.build import (
    chunk,
    encoded,
    icc_profile,
    jpeg,
    png_of,
    riff,
    riff_chunks,
    segment,
    segments,
)

Pixel = tuple[int, ...]
WIDTH, HEIGHT = 48, 32
RED, GREEN, BLUE, LIGHT = (200, 40, 40), (40, 180, 60), (40, 60, 200), (230, 230, 220)
SCENE: tuple[Pixel, ...] = (RED, GREEN, BLUE, LIGHT)  # left and right above, left and right below
SECRET = "SECRET-"  # starts everything that no file of ours may carry on
# The same through the default press profile: what libvips 8.18 makes of it with its own `cmyk`.
PRESSED: tuple[Pixel, ...] = ((190, 71, 64), (28, 126, 92), (71, 72, 127), (223, 213, 205))
LOSSY = 12  # how far chroma subsampling and quantisation may move a flat colour


@dataclass(frozen=True, slots=True)
class Benign:
    """`corners`: RGB or RGBA in the middle of each quarter, upright; `near`: how far each channel may lie off."""

    name: str
    data: bytes
    corners: tuple[Pixel, ...] = SCENE
    near: int = 0
    size: tuple[int, int] = (WIDTH, HEIGHT)
    orientation: int = 1

    def __str__(self) -> str:
        return self.name


def at(x: int, y: int) -> int:
    """The quarter of a pixel of the scene."""
    return (x >= WIDTH // 2) + 2 * (y >= HEIGHT // 2)


def scene(mode: str = "RGB") -> Image.Image:
    image = Image.new("RGB", (WIDTH, HEIGHT))
    for quarter, colour in enumerate(SCENE):
        left, top = quarter % 2 * WIDTH // 2, quarter // 2 * HEIGHT // 2
        image.paste(colour, (left, top, left + WIDTH // 2, top + HEIGHT // 2))
    return image.convert(mode)


def grey(image: Image.Image) -> tuple[Pixel, ...]:
    """What the four quarters of a one-channel picture look like."""
    return tuple((image.getpixel(middle),) * 3 for middle in middles(image))  # type: ignore[misc]


def middles(image: Image.Image) -> list[tuple[int, int]]:
    return [(x * image.width // 4, y * image.height // 4) for y in (1, 3) for x in (1, 3)]


def secrets(orientation: int | None = None) -> Image.Exif:
    """EXIF as a phone writes it: maker, place and, if given, how it was held."""
    exif = Image.Exif()
    exif[0x010F] = SECRET + "MAKER"
    if orientation is not None:
        exif[0x0112] = orientation
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[29] = "N", (52.0, 30.0, 1.0), SECRET + "PLACE"
    return exif


@cache
@cache
def files() -> tuple[Benign, ...]:
    from tests.hostile import sloppy  # which is made of this module's parts

    return (*_jpegs(), *_turned(), *_pngs(), *_raw_pngs(), *_webps(), *sloppy.files())


def _jpegs() -> Iterator[Benign]:
    rgb = scene()
    plain = encoded(rgb, "JPEG", quality=95)
    turn = icc_profile(b"RGB ", (1, 0, 2))

    def case(name: str, data: bytes, corners: tuple[Pixel, ...] = SCENE) -> Benign:
        return Benign(f"jpeg {name}", data, corners, LOSSY)

    yield case("plain", plain)
    yield case("without subsampling", encoded(rgb, "JPEG", subsampling=0))
    yield case("optimized", encoded(rgb, "JPEG", optimize=True))
    yield case("progressive", encoded(rgb, "JPEG", progressive=True, quality=95))
    yield case("with restart markers", encoded(rgb, "JPEG", restart_marker_blocks=1, quality=95))
    yield case("grey", encoded(rgb.convert("L"), "JPEG", quality=95), grey(rgb.convert("L")))
    cmyk = encoded(rgb.convert("CMYK"), "JPEG", quality=95)
    yield case("CMYK", cmyk, PRESSED)
    yield case("CMYK with a long Adobe segment", _long_adobe(cmyk), PRESSED)
    yield case("CMYK progressive", encoded(rgb.convert("CMYK"), "JPEG", progressive=True, quality=95), PRESSED)
    yield case("RGB without YCbCr", encoded(rgb, "JPEG", keep_rgb=True, quality=95))
    yield case("with a garbled profile", encoded(rgb, "JPEG", quality=95, icc_profile=bytes(range(256)) * 12))
    yield case("with a profile of other channels", encoded(rgb, "JPEG", quality=95, icc_profile=icc_profile(b"GRAY")))
    swapped = rgb.convert("RGB", (0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0))
    yield case("with red and green swapped by its profile", encoded(swapped, "JPEG", quality=95, icc_profile=turn))
    yield case("MPO of two frames", encoded(rgb, "MPO", save_all=True, append_images=[scene("L").convert("RGB")]))
    yield case("with a comment", encoded(rgb, "JPEG", quality=95, comment=SECRET + "COMMENT"))
    yield case("with EXIF", encoded(rgb, "JPEG", quality=95, exif=secrets()))
    yield case(
        "with 64 KB of EXIF", encoded(rgb, "JPEG", quality=95, exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(65_000))
    )
    yield case("with XMP", encoded(rgb, "JPEG", quality=95, xmp=f"<x>{SECRET}XMP</x>".encode()))
    yield case("with bytes after its end", plain + f"{SECRET}TAIL".encode() + plain)
    yield case("as a ZIP as well", plain + b"PK\x05\x06" + bytes(18))
    parts = segments(plain)
    yield case("with markup in a comment", jpeg([segment(0xFE, f"<script>{SECRET}</script>".encode()), *parts]))
    yield case("with IPTC", jpeg([segment(0xED, f"Photoshop 3.0\0{SECRET}IPTC".encode()), *parts]))
    depth = b"http://ns.adobe.com/xmp/extension/\0" + SECRET.encode()
    yield case("with a depth map of 3 MB", jpeg([*[segment(0xE1, depth + bytes(60_000))] * 50, *parts]))
    thumbnail = b"JFIF\0\1\1\0\0\1\0\1" + bytes([4, 4]) + SECRET.encode().ljust(48)
    yield case("with a JFIF thumbnail", jpeg([segment(0xE0, thumbnail), *parts[1:]]))
    yield case("with a JFXX thumbnail", jpeg([parts[0], segment(0xE0, b"JFXX\0\x10" + SECRET.encode()), *parts[1:]]))
    yield case("with fill bytes before markers", jpeg([b"\xff\xff\xff" + part for part in parts]))
    yield case("with a comment between scans", _between_scans(encoded(rgb, "JPEG", progressive=True, quality=95)))
    yield Benign(
        "jpeg of the smallest size", encoded(Image.new("RGB", (16, 16), RED), "JPEG"), (RED,) * 4, LOSSY, (16, 16)
    )
    wide = encoded(Image.new("RGB", (16_000, 17), RED), "JPEG")
    yield Benign("jpeg of the longest side", wide, (RED,) * 4, LOSSY, (16_000, 17))


def _long_adobe(cmyk: bytes) -> bytes:
    parts = segments(cmyk)
    assert any(part[1] == 0xEE for part in parts)
    return jpeg([segment(0xEE, part[4:] + SECRET.encode()) if part[1] == 0xEE else part for part in parts])


def _between_scans(progressive: bytes) -> bytes:
    note = segment(0xFE, f"{SECRET}BETWEEN".encode())
    return jpeg([part for whole in segments(progressive) for part in ([note, whole] if whole[1] == 0xDA else [whole])])


def _turned() -> Iterator[Benign]:
    """Every way of holding a camera, in each format, and two values that mean nothing."""
    lay = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    for kind in ("JPEG", "PNG", "WEBP"):
        for value in range(10):
            image = scene().transpose(lay[value]) if value in lay else scene()
            options = {"quality": 95} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
            data = encoded(image, kind, exif=secrets(value), **options)
            orientation = value if 1 <= value <= 8 else 1
            near = LOSSY if kind == "JPEG" else 0
            yield Benign(f"{kind.lower()} held as {value}", data, SCENE, near, orientation=orientation)


def _pngs() -> Iterator[Benign]:
    """What Pillow writes."""
    rgb = scene()
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", SECRET + "AUTHOR")
    text.add_text("Long", SECRET * 1000, zip=True)
    text.add_itxt("XML:com.adobe.xmp", f"<x>{SECRET}XMP</x>")
    clear = scene("RGBA")
    clear.putalpha(
        Image.frombytes("L", rgb.size, bytes(64 * (1 + at(x, y)) - 1 for y in range(HEIGHT) for x in range(WIDTH)))
    )
    palette = rgb.quantize(4)
    indices = [palette.getpixel(middle) for middle in middles(palette)]
    plain = encoded(rgb, "PNG")
    grey_alpha = tuple((*level, 64 * (1 + quarter) - 1) for quarter, level in enumerate(grey(rgb.convert("L"))))
    see_through = tuple((*colour, 64 * (1 + quarter) - 1) for quarter, colour in enumerate(SCENE))
    yield Benign("png RGB", plain)
    yield Benign("png RGBA", encoded(clear, "PNG"), see_through)
    yield Benign("png RGBA that is opaque", encoded(scene("RGBA"), "PNG"))
    yield Benign("png grey", encoded(rgb.convert("L"), "PNG"), grey(rgb.convert("L")))
    yield Benign("png grey with alpha", encoded(clear.convert("LA"), "PNG"), grey_alpha)
    yield Benign("png of a palette", encoded(palette, "PNG"))
    alphas = bytes(64 * (1 + indices.index(index)) - 1 for index in range(4))
    yield Benign("png of a palette with alphas", encoded(palette, "PNG", transparency=alphas), see_through)
    one = tuple((*colour, 0 if quarter == 1 else 255) for quarter, colour in enumerate(SCENE))
    yield Benign("png of a palette with one colour clear", encoded(palette, "PNG", transparency=indices[1]), one)
    yield Benign("png RGB with one colour clear", encoded(rgb, "PNG", transparency=GREEN), one)
    bilevel = rgb.convert("L").point(lambda level: 255 if level > 100 else 0)
    yield Benign("png of one bit", encoded(bilevel.convert("1"), "PNG"), grey(bilevel))
    yield Benign("png with texts", encoded(rgb, "PNG", pnginfo=text, exif=secrets()))
    yield Benign("png with dpi", encoded(rgb, "PNG", dpi=(300, 300)))
    grey_profile = encoded(Image.new("L", (WIDTH, HEIGHT), 128), "PNG", icc_profile=icc_profile(b"GRAY", gamma=1.0))
    yield Benign("png grey with a linear profile", grey_profile, ((188,) * 3,) * 4, 1)
    swapped = clear.convert("RGB").convert("RGB", (0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0))
    swapped.putalpha(clear.getchannel("A"))
    profiled = encoded(swapped, "PNG", icc_profile=icc_profile(b"RGB ", (1, 0, 2)))
    yield Benign("png RGBA with red and green swapped by its profile", profiled, see_through, LOSSY)
    named = chunk(b"iCCP", f"{SECRET}NAME\0\0".encode() + zlib.compress(icc_profile(b"RGB ")))
    yield Benign("png with a profile of a telling name", plain[:33] + named + plain[33:], SCENE, LOSSY)
    yield Benign("png with bytes after its end", plain + f"{SECRET}TAIL".encode())
    body = plain[8 + 25 + 8 : plain.index(b"IEND") - 8]
    many = b"".join(chunk(b"IDAT", body[start : start + 1]) for start in range(len(body)))
    yield Benign("png in chunks of a byte", plain[:33] + many + chunk(b"IDAT") + chunk(b"IEND"))
    unknown = chunk(b"seCr", SECRET.encode()) + chunk(b"tIME", b"\x07\xea\x0b\x15\0\0\0")
    yield Benign("png with chunks of strangers", plain[:33] + unknown + plain[33:])
    broken = chunk(b"tEXt", b"k\0v", checksum=0)
    yield Benign("png with a damaged text", plain[:33] + broken + plain[33:])


def _raw_pngs() -> Iterator[Benign]:
    """Depths, keys and interlacing that Pillow reads but does not write."""

    def levels(depth: int) -> tuple[int, ...]:
        return tuple(round(level[0] / 255 * ((1 << depth) - 1)) for level in grey(scene("L")))

    def colour(depth: int) -> tuple[Pixel, ...]:
        return tuple(tuple(value << 8 | 0x55 if depth == 16 else value for value in pixel) for pixel in SCENE)

    def picture(samples: tuple[Pixel, ...], depth: int, kind: int, **more: object) -> bytes:
        return png_of(WIDTH, HEIGHT, depth, kind, lambda x, y: samples[at(x, y)], **more)  # type: ignore[arg-type]

    for depth in (1, 2, 4, 8, 16):
        samples = levels(depth)
        seen = tuple((round(sample * 255 / ((1 << depth) - 1)),) * 3 for sample in samples)
        key = chunk(b"tRNS", struct.pack(">H", samples[1]))
        keyed = tuple((*look, 0 if sample == samples[1] else 255) for look, sample in zip(seen, samples, strict=True))
        single = tuple((sample,) for sample in samples)
        yield Benign(f"png grey of {depth} bits", picture(single, depth, 0), seen)
        yield Benign(f"png grey of {depth} bits with one level clear", picture(single, depth, 0, before=key), keyed)
        yield Benign(f"png grey of {depth} bits interlaced", picture(single, depth, 0, interlaced=True), seen)
    for depth in (8, 16):
        pixels = colour(depth)
        alpha = tuple((*pixel, 1 << (depth - 1)) for pixel in pixels)
        half = tuple((*pixel, 128) for pixel in SCENE)
        key = chunk(b"tRNS", struct.pack(">HHH", *pixels[1]))
        one = tuple((*pixel, 0 if quarter == 1 else 255) for quarter, pixel in enumerate(SCENE))
        yield Benign(f"png RGB of {depth} bits", picture(pixels, depth, 2))
        yield Benign(f"png RGB of {depth} bits interlaced", picture(pixels, depth, 2, interlaced=True))
        yield Benign(f"png RGB of {depth} bits with one colour clear", picture(pixels, depth, 2, before=key), one)
        yield Benign(f"png RGBA of {depth} bits interlaced", picture(alpha, depth, 6, interlaced=True), half)
    palette = chunk(b"PLTE", bytes(value for pixel in SCENE for value in pixel))
    for depth in (2, 4, 8):
        index = ((0,), (1,), (2,), (3,))
        yield Benign(
            f"png of a palette of {depth} bits interlaced", picture(index, depth, 3, before=palette, interlaced=True)
        )


def _webps() -> Iterator[Benign]:
    rgb = scene()
    clear = scene("RGBA")
    clear.putalpha(
        Image.frombytes("L", rgb.size, bytes(64 * (1 + at(x, y)) - 1 for y in range(HEIGHT) for x in range(WIDTH)))
    )
    see_through = tuple((*colour, 64 * (1 + quarter) - 1) for quarter, colour in enumerate(SCENE))
    lossless = encoded(rgb, "WEBP", lossless=True)
    yield Benign("webp lossy", encoded(rgb, "WEBP", quality=95), SCENE, LOSSY)
    yield Benign("webp lossless", lossless)
    yield Benign("webp lossless with alpha", encoded(clear, "WEBP", lossless=True, exact=True), see_through)
    yield Benign("webp lossy with alpha", encoded(clear, "WEBP", quality=95), see_through, LOSSY)
    xmp = f"<x>{SECRET}XMP</x>".encode()
    yield Benign("webp with EXIF and XMP", encoded(rgb, "WEBP", lossless=True, exif=secrets(), xmp=xmp))
    swapped = rgb.convert("RGB", (0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0))
    profiled = encoded(swapped, "WEBP", lossless=True, icc_profile=icc_profile(b"RGB ", (1, 0, 2)))
    yield Benign("webp with red and green swapped by its profile", profiled, SCENE, LOSSY)
    yield Benign("webp with bytes after its end", lossless + f"{SECRET}TAIL".encode())
    stranger = riff(*riff_chunks(lossless), (b"sEcr", SECRET.encode()))
    yield Benign("webp with a stranger's chunk", stranger)
