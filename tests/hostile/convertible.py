"""Formats that are not stored but made into PNG: honest files, and files that must be refused."""

import struct
from collections.abc import Iterator
from functools import cache

from PIL import Image
from pillow_heif import register_heif_opener

from tests.hostile import benign, corpus
from tests.hostile.benign import HEIGHT, LOSSY, PRESSED, SCENE, WIDTH, Benign, grey, scene, secrets
from tests.hostile.build import encoded, icc_profile
from tests.hostile.corpus import Hostile

register_heif_opener()
_SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {}>{}</svg>'
_TURNED = 6  # as a phone is held for a portrait


@cache
@cache
def honest() -> tuple[Benign, ...]:
    """`size` is that of the PNG."""
    return (*_boxed(), *_tiffs(), *_wide_tiffs(), *_old(), *_svgs())


@cache
@cache
def hostile() -> tuple[Hostile, ...]:
    """With the code that the api refuses them with; where such formats are disabled, all are `unsupported_image`."""
    return (*_animated(), *_large(), *_unsupported(), *_damaged(), *_refused_svgs())


def _swapped() -> Image.Image:
    return scene().convert("RGB", (0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0))


def _half_clear() -> Image.Image:
    image = scene("RGBA")
    image.putalpha(128)
    return image


HALF_CLEAR = tuple((*colour, 128) for colour in SCENE)


def _boxed() -> Iterator[Benign]:
    turn = icc_profile(b"RGB ", (1, 0, 2))
    lying = scene().transpose(Image.Transpose.ROTATE_90)
    for name, kind, best in (("heic", "HEIF", {"quality": -1, "chroma": 444}), ("avif", "AVIF", {"quality": 100})):
        yield Benign(name, encoded(scene(), kind, quality=90), near=LOSSY)
        yield Benign(f"{name} with alpha", encoded(_half_clear(), kind, **best), HALF_CLEAR, LOSSY)
        profiled = encoded(_swapped(), kind, icc_profile=turn, **best)
        yield Benign(f"{name} with red and green swapped by its profile", profiled, SCENE, LOSSY)
        turned = encoded(lying, kind, exif=secrets(_TURNED).tobytes(), **best)  # encoders make a box of it
        yield Benign(f"{name} held as {_TURNED}", turned, SCENE, LOSSY)
        yield Benign(f"{name} grey", encoded(scene("L"), kind, **best), grey(scene("L")), LOSSY)


def _tiffs() -> Iterator[Benign]:
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        yield Benign(f"tiff packed by {compression}", encoded(scene(), "TIFF", compression=compression))
    yield Benign("tiff packed by jpeg", encoded(scene(), "TIFF", compression="jpeg", quality=95), near=LOSSY)
    yield Benign("tiff with alpha", encoded(_half_clear(), "TIFF"), HALF_CLEAR)
    yield Benign("tiff grey", encoded(scene("L"), "TIFF"), grey(scene("L")))
    bilevel = scene("L").point(lambda level: 255 * (level > 100))
    yield Benign("tiff of one bit", encoded(bilevel.convert("1"), "TIFF", compression="group4"), grey(bilevel))
    yield Benign("tiff of a palette", encoded(scene().quantize(4), "TIFF"))
    yield Benign("tiff CMYK", encoded(scene("CMYK"), "TIFF", compression="tiff_lzw"), PRESSED)
    turn = icc_profile(b"RGB ", (1, 0, 2))
    yield Benign(
        "tiff with red and green swapped by its profile", encoded(_swapped(), "TIFF", icc_profile=turn), SCENE, LOSSY
    )
    lying = scene().transpose(Image.Transpose.ROTATE_90)
    yield Benign(f"tiff held as {_TURNED}", encoded(lying, "TIFF", tiffinfo={0x0112: _TURNED}))
    told = {0x010F: benign.SECRET + "MAKER", 0x02BC: f"<x>{benign.SECRET}XMP</x>".encode()}
    yield Benign("tiff with words", encoded(scene(), "TIFF", tiffinfo=told, dpi=(300, 300)))
    pages = encoded(scene(), "TIFF", save_all=True, append_images=[scene("L")])
    yield Benign("tiff of two pages", pages)


def _wide_tiffs() -> Iterator[Benign]:
    for order in "<>":
        name = {"<": "little", ">": "big"}[order]
        yield Benign(f"tiff of 16 bits, {name} end first", wide_tiff(order, 3))
        yield Benign(f"tiff of 16 bits with alpha, {name} end first", wide_tiff(order, 4), HALF_CLEAR)
        yield Benign(f"tiff grey of 16 bits, {name} end first", wide_tiff(order, 1), tuple((c[0],) * 3 for c in SCENE))


def wide_tiff(
    order: str, samples: int, low: int | None = None, tags: tuple[tuple[int, int, int, int], ...] = ()
) -> bytes:
    """Uncompressed; each sample's low byte is `low`, or its high byte again. Tags are (number, type, count, value)."""
    body = b""
    for y in range(HEIGHT):
        for x in range(WIDTH):
            pixel = (*SCENE[benign.at(x, y)], 128)[:samples]
            body += struct.pack(f"{order}{samples}H", *(v << 8 | (v if low is None else low) for v in pixel))
    listed = [
        (256, 4, 1, WIDTH), (257, 4, 1, HEIGHT), (258, 3, 1, 16), (259, 3, 1, 1), (262, 3, 1, 2 if samples > 1 else 1),
        (273, 4, 1, 8), (277, 3, 1, samples), (278, 4, 1, HEIGHT), (279, 4, 1, len(body)),
        *(((338, 3, 1, 2),) if samples == 4 else ()), *tags,
    ]  # fmt: skip
    values = struct.pack(f"{order}{samples}H", *[16] * samples)  # of the depth, which may not fit into its entry
    entries = b""
    for tag, kind, count, value in sorted(listed):
        if tag == 258 and samples > 2:
            entries += struct.pack(f"{order}HHII", tag, kind, samples, 8 + len(body))
        elif kind == 3:
            entries += struct.pack(f"{order}HHIHH", tag, kind, count, value, 0)
        else:
            entries += struct.pack(f"{order}HHII", tag, kind, count, value)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8 + len(body) + len(values))
    return head + body + values + struct.pack(f"{order}H", len(listed)) + entries + bytes(4)


def _old() -> Iterator[Benign]:
    palette = scene().quantize(4)
    indices = [palette.getpixel(middle) for middle in benign.middles(palette)]
    one = tuple((*colour, 0 if quarter == 1 else 255) for quarter, colour in enumerate(SCENE))
    yield Benign("gif", encoded(palette, "GIF", comment=benign.SECRET.encode()))
    yield Benign("gif with one colour clear", encoded(palette, "GIF", transparency=indices[1]), one)
    yield Benign("gif interlaced", encoded(palette, "GIF", interlace=1))
    yield Benign("bmp", encoded(scene(), "BMP"))
    yield Benign("bmp of a palette", encoded(palette, "BMP"))
    yield Benign("bmp grey", encoded(scene("L"), "BMP"), grey(scene("L")))


def svg(attributes: str, body: str) -> bytes:
    return _SVG.format(attributes, body).encode()


def quarters(body: str = "") -> str:
    """The scene, of 48 by 32, and something behind it."""
    return body + "".join(
        f'<rect x="{quarter % 2 * 24}" y="{quarter // 2 * 16}" width="24" height="16" fill="rgb{colour}"/>'
        for quarter, colour in enumerate(SCENE)
    )


def _svgs() -> Iterator[Benign]:
    size = (2_400, 1_600)
    box = 'viewBox="0 0 48 32"'
    yield Benign("svg of a view box", svg(box, quarters()), size=size)
    yield Benign("svg in pixels", svg('width="48px" height="32"', quarters()), size=size)
    yield Benign("svg in per cent", svg(f'width="100%" height="100%" {box}', quarters()), size=size)
    start = f"<?xml version='1.0' encoding='utf-8'?>\n<!-- {benign.SECRET} -->\n<!DOCTYPE svg>\n"
    yield Benign("svg behind a declaration", start.encode() + svg(box, quarters()), size=size)
    names = '<!DOCTYPE svg [<!ENTITY ns "http://www.w3.org/2000/svg">]>'
    entity = (names + _SVG.format(box, quarters())).replace('"http://www.w3.org/2000/svg" ', '"&ns;" ')
    yield Benign("svg with its name space as an entity", entity.encode(), size=size)
    clear = svg(box, f'<g opacity="0.5">{quarters()}</g>')
    yield Benign("svg that is half clear", clear, HALF_CLEAR, 2, size)
    used = '<defs><rect id="r" width="48" height="32"/></defs><use xlink:href="#r"/><text> </text><title>words</title>'
    yield Benign("svg that refers to itself", svg(box, quarters(used)), size=size)
    wide = "\ufeff" + _SVG.format(box, quarters())
    yield Benign("svg in UTF-8 with its mark", wide.encode(), size=size)


def _animated() -> Iterator[Hostile]:
    frames = [corpus.picture(64, 64).rotate(7 * index) for index in range(5)]
    for kind in ("GIF", "AVIF"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=20)
        yield Hostile(f"animated {kind.lower()}", data, "animated_image")


def _large() -> Iterator[Hostile]:
    screen = struct.pack("<HHBBB", 65535, 65535, 0x80, 0, 0)
    yield Hostile("gif with a screen of 65,535 x 65,535", b"GIF89a" + screen + bytes(6) + b";", "unreadable_image")
    tiff = wide_tiff("<", 3).replace(struct.pack("<HHII", 257, 4, 1, HEIGHT), struct.pack("<HHII", 257, 4, 1, 16_001))
    yield Hostile("tiff that claims 48 x 16,001", tiff, "image_too_large")
    bmp = encoded(scene(), "BMP")
    yield Hostile(
        "bmp that claims 16,001 x 16", bmp[:18] + struct.pack("<ii", 16_001, 16) + bmp[26:], "image_too_large"
    )
    yield Hostile("bmp of 15 x 15", encoded(Image.new("RGB", (15, 15)), "BMP"), "image_too_small")
    yield Hostile("svg of 1,000 x 1", svg('width="1000" height="1"', ""), "image_too_small")


def _unsupported() -> Iterator[Hostile]:
    yield Hostile("tiff of floats", encoded(Image.new("F", (64, 64)), "TIFF"), "unsupported_image")
    yield Hostile("tiff of 32 bits", encoded(Image.new("I", (64, 64)), "TIFF"), "unsupported_image")
    yield Hostile("tiff Lab", encoded(Image.new("LAB", (64, 64)), "TIFF"), "unsupported_image")
    planar = wide_tiff("<", 3, tags=((284, 3, 1, 2),))
    yield Hostile("tiff of 16 bits in planes", planar, "unsupported_image")
    for name, transfer in (("PQ", 16), ("HLG", 18)):
        avif = encoded(scene(), "AVIF")
        at = avif.index(b"colrnclx") + 10
        yield Hostile(f"avif {name}", avif[:at] + struct.pack(">H", transfer) + avif[at + 2 :], "unsupported_image")


def _damaged() -> Iterator[Hostile]:
    for name, kind in {"heic": "HEIF", "avif": "AVIF", "tiff": "TIFF", "gif": "GIF", "bmp": "BMP"}.items():
        data = encoded(corpus.picture(), kind)
        yield Hostile(f"{name} cut in half", data[: len(data) // 2], "unreadable_image")
        yield Hostile(f"{name} of its first bytes", data[:24], "unreadable_image")
    yield Hostile("tiff that points to itself", b"II*\0\x08\0\0\0\0\0\x08\0\0\0", "unreadable_image")


def _refused_svgs() -> Iterator[Hostile]:
    box = 'viewBox="0 0 48 32"'
    words = {
        "words": svg(box, '<text x="1" y="9">Shop</text>'),
        "words in a span": svg(box, '<text x="1" y="9"><tspan>Shop</tspan></text>'),
        "a picture of the web": svg(box, '<image href="https://shop.example/logo.png" width="9" height="9"/>'),
        "a picture of the disk": svg(box, '<image xlink:href="/etc/logo.png" width="9" height="9"/>'),
        "a part of another file": svg(box, '<use href="other.svg#part"/>'),
        "a filter's picture": svg(box, '<filter id="f"><feImage href="file:///etc/logo.png"/></filter>'),
        "an entity of the disk": b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + svg(box, "&x;"),
    }
    for name, data in words.items():
        yield Hostile(f"svg with {name}", data, "unsupported_image")
    broken = {
        "that ends early": svg(box, quarters())[:-20],
        "without sides": svg("", quarters()),
        "of no size": svg('width="0" height="10"', quarters()),
        "of endless size": svg('width="1e999" height="10"', quarters()),
        "with words for numbers": svg('viewBox="a b c d"', quarters()),
        "in another name space": b'<svg xmlns="http://shop.example" width="9" height="9"/>',
        "of bytes that are no text": svg(box, quarters()) + b"\xff\xfe",
    }
    for name, data in broken.items():
        yield Hostile(f"svg {name}", data, "unreadable_image")
