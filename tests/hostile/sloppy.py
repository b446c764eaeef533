"""Honest files that are not quite what their standard says, or carry more than is wise, and that every viewer shows."""

import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.hostile import benign
from tests.hostile.benign import BLUE, GREEN, HEIGHT, LIGHT, LOSSY, PRESSED, RED, SECRET, WIDTH, Benign, scene
from tests.hostile.build import (
    IEND,
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


def files() -> Iterator[Benign]:
    yield from _texts()
    yield from _unended_jpegs()
    yield from _odd_jpegs()
    yield from _pngs()
    yield from _stills()


def _texts() -> Iterator[Benign]:
    """Very long texts, which are dropped unread."""
    plain = encoded(scene(), "PNG")
    long = SECRET.encode() * 300_000
    deflated = zlib.compress(long)
    texts = {
        "two deflated texts of 2 MB": (chunk(b"zTXt", b"k\0\0" + deflated)) * 2,
        "2 MB of plain text": chunk(b"tEXt", b"k\0" + long),
        "2 MB of international text": chunk(b"iTXt", b"k\0\0\0\0\0" + long),
        "2 MB of deflated international text": chunk(b"iTXt", b"k\0\1\0\0\0" + deflated),
    }
    for name, text in texts.items():
        # Pillow refuses the received file for its text, as it would a damaged one.
        yield Benign(f"png with {name}, damaged for Pillow", plain[:33] + text + plain[33:])
    comments = [segment(0xFE, SECRET.encode() * 8_000)] * 35
    yield Benign("jpeg with 2 MB of comments", jpeg([*comments, *segments(_jpeg())]), near=LOSSY)
    printer = icc_profile(b"RGB ") + bytes(1_900_000)
    yield Benign("jpeg with a profile of 1.9 MB", encoded(scene(), "JPEG", quality=95, icc_profile=printer), near=LOSSY)
    profiled = encoded(scene(), "WEBP", lossless=True, icc_profile=printer)
    yield Benign("webp with a profile of 1.9 MB", profiled, near=LOSSY)


def _jpeg(**options: object) -> bytes:
    return encoded(scene(), "JPEG", **{"quality": 95, **options})


def _unended_jpegs() -> Iterator[Benign]:
    """Pillow calls them truncated."""
    trailer = b"\0\0\x01\x0bSEFH" + SECRET.encode() * 50 + b"\xff\xd8\xff\xc4 video \xff\xd9SEFT"
    named = b"\0\0\x30\x0a\x10\0\0\0MotionPhoto_Data" + SECRET.encode() + b"\xff\xda" + trailer
    for name, data in {"jpeg": _jpeg(), "progressive jpeg": _jpeg(progressive=True)}.items():
        yield Benign(f"{name} without its end, damaged", data[:-2], near=LOSSY)
        yield Benign(f"{name} without its last byte, damaged", data[:-1], near=LOSSY)
        yield Benign(f"{name} with a phone's trailer for an end, damaged", data[:-2] + trailer, near=LOSSY)
        yield Benign(f"{name} with a phone's video for an end, damaged", data[:-2] + named, near=LOSSY)
        yield Benign(f"{name} with a phone's trailer", data + trailer, near=LOSSY)


def _odd_jpegs() -> Iterator[Benign]:
    scans = segments(_jpeg(progressive=True))
    yield Benign("jpeg without its last refinement", jpeg(scans[:-1]), near=LOSSY)
    header = segment(0xDC, b"JFIF\0\1\1\0\0\1\0\1\0\0")  # the marker of another segment
    yield Benign(
        "jpeg with its header under a wrong marker, damaged", jpeg([header, *segments(_jpeg())[1:]]), near=LOSSY
    )
    cmyk = segments(encoded(scene("CMYK"), "JPEG", quality=95))
    yield Benign("jpeg CMYK whose components are all called 1, damaged", jpeg([*map(_unnamed, cmyk)]), PRESSED, LOSSY)
    yield Benign(
        "jpeg with bytes between its segments",
        jpeg([part + b"\0\0\0" for part in segments(_jpeg())[:-1]] + segments(_jpeg())[-1:]),
        near=LOSSY,
    )


def _unnamed(part: bytes) -> bytes:
    first, step = {0xC0: (10, 3), 0xDA: (5, 2)}.get(part[1], (0, 0))
    named = bytearray(part)
    for index in range(part[first - 1] if step else 0):
        named[first + step * index] = 1
    return bytes(named)


def _pngs() -> Iterator[Benign]:
    plain = encoded(scene(), "PNG")
    for kind, body in {b"pHYs": bytes(9), b"gAMA": bytes(4), b"cHRM": bytes(32), b"zTXt": b"k\0\0"}.items():
        damaged = chunk(kind, body, checksum=0)
        yield Benign(f"png with a damaged {kind.decode()}", plain[:33] + damaged + plain[33:])
    yield Benign("png without its end, damaged", plain.removesuffix(IEND))
    turn = chunk(b"iCCP", b"p\0\0" + zlib.compress(icc_profile(b"RGB ", (1, 0, 2))))
    palette = chunk(b"PLTE", bytes(value for pixel in (RED, GREEN, BLUE, LIGHT) for value in pixel))

    def picture(before: bytes) -> bytes:
        return png_of(WIDTH, HEIGHT, 8, 3, lambda x, y: (benign.at(x, y),), before=before)

    yield Benign("png with a profile after its palette, damaged", picture(palette + turn))
    yield Benign("png with more alphas than colours, damaged", picture(palette + chunk(b"tRNS", bytes(5))))
    yield Benign("png with alphas before its palette, damaged", picture(chunk(b"tRNS", bytes(4)) + palette))


def _stills() -> Iterator[Benign]:
    """One frame in the container of an animation."""
    plain = encoded(scene(), "PNG")
    control = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, WIDTH, HEIGHT, 0, 0, 1, 10, 0, 0))
    yield Benign(
        "png animated with one frame", plain[:33] + chunk(b"acTL", struct.pack(">II", 1, 0)) + control + plain[33:]
    )
    yield Benign("png with an animation of no length, damaged", plain[:33] + chunk(b"acTL", b"") + plain[33:])
    late = chunk(b"acTL", struct.pack(">II", 2, 0))
    yield Benign("png with a late animation", plain.removesuffix(IEND) + late + IEND)
    frames = {"": encoded(scene(), "WEBP", lossless=True), " with alpha": encoded(_clear(), "WEBP", quality=95)}
    for name, still in frames.items():
        pixels = [(kind, body) for kind, body in riff_chunks(still) if kind != b"VP8X"]
        sides = (WIDTH - 1).to_bytes(3, "little") + (HEIGHT - 1).to_bytes(3, "little")
        frame = bytes(6) + sides + (100).to_bytes(3, "little") + b"\0" + riff(*pixels)[12:]
        data = riff((b"VP8X", bytes([0x12, 0, 0, 0]) + sides), (b"ANIM", bytes(6)), (b"ANMF", frame))
        corners = [(*colour, 128) for colour in benign.SCENE] if name else benign.SCENE
        yield Benign(f"webp animated with one frame{name}, damaged", data, tuple(corners), LOSSY)


def _clear() -> Image.Image:
    image = scene("RGBA")
    image.putalpha(128)
    return image
