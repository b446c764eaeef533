"""What a file is, by its first bytes: a format that may be accepted, or a name for what came instead.

Content decides, never a name. Nothing behind the first bytes is looked at, so what is recognised may be unreadable.
"""

import re
from collections.abc import Collection

from shared.errors import UnreadableImage, UnsupportedImage
from shared.image_format import jpeg, png, webp
from shared.image_format.structure import Format

_HEAD_BYTES = 4096  # where an SVG that begins with a long comment, or a PDF behind a mail's headers, has begun
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_SVG = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?svg[\s>/]")
_XML_STARTS = (b"<?xml", b"<!--", b"<!DOCTYPE svg", b"<svg", b"<!doctype svg")
_AVIF, _HEIC = (b"avif", b"avis"), (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"mif2")
_RAW = "This is a camera's raw file; develop it, and send the JPEG."
_VIDEO = "This is a video; send one picture of it, as JPEG or PNG."
_PAGE = "This is a web page and no picture; send the picture's own file."
# The order counts: raw files of some cameras begin like TIFF.
_STRANGERS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), words)
    for pattern, words in {
        rb".{0,1019}%PDF-": "This is a PDF; export its page as PNG with 300 dpi, or as SVG.",
        rb"8BP[SB]": "This is a Photoshop file (PSD); save a copy as PNG, or as TIFF without layers.",
        rb"%!PS|\xc5\xd0\xd3\xc6": "This is an EPS or Illustrator file; export it as SVG, or as PNG with 300 dpi.",
        rb"(?:II|MM).{6}CR": _RAW,
        rb"FUJIFILMCCD-RAW|.{4}ftypcrx |IIU\0|IIRO|II\x1a\0\0\0HEAPCCDR|\0MRM|FOVb": _RAW,
        rb"\xff\x0a|\0\0\0\x0cJXL ": "This is a JPEG XL picture; save it as PNG.",
        rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51": "This is a JPEG 2000 picture; save it as PNG.",
        rb"\0\0[\x01\x02]\0[^\0]": "This is an icon file (ICO); save the picture as PNG.",
        rb"gimp xcf": "This is a GIMP file (XCF); export it as PNG.",
        rb"\x1f\x8b": "This is a compressed file (gzip); unpack it, and send the picture in it.",
        rb"PK\x03\x04.{26}mimetype(?:application/vnd\.adobe\.indesign|image/openraster)": (
            "This is a file of layers; export it as PNG."
        ),
        rb"PK[\x03\x05]": "This is a ZIP archive or an office document; send the picture in it as a file of its own.",
        rb"Rar!|7z\xbc\xaf": "This is an archive; unpack it, and send the picture in it.",
        rb".{4}ftyp(?:isom|iso\d|mp4\d|qt  |M4V |avc1|3gp|mmp4|MSNV)|\x1aE\xdf\xa3|RIFF.{4}AVI ": _VIDEO,
        rb"\s*(?i:<!doctype html|<html|<head|<body)": _PAGE,
    }.items()
)
_UNKNOWN = "This file is not a picture in a known format."


def recognise(data: bytes, accepted: Collection[Format]) -> Format:
    """The format by content; UnsupportedImage, with the name of what came and what to do, unless it is accepted."""
    if any(signature.startswith(data) for signature in (jpeg.SIGNATURE, png.SIGNATURE)):
        raise UnreadableImage("The file is empty or ends where it begins.")
    found = _format(data)
    if found is None:
        raise UnsupportedImage(f"{_name(data)} Accepted are {_listed(accepted)}.")
    if found not in accepted:
        raise UnsupportedImage(f"This is a picture in {found.label}; accepted are {_listed(accepted)}.")
    return found


def _format(data: bytes) -> Format | None:
    if data.startswith(jpeg.SIGNATURE):
        return Format.JPEG
    if data.startswith(png.SIGNATURE):
        return Format.PNG
    if webp.matches(data):
        return Format.WEBP
    if data.startswith((b"GIF87a", b"GIF89a")):
        return Format.GIF
    if data.startswith(b"BM") and data[6:10] == bytes(4):  # or any text that begins so
        return Format.BMP
    if data[4:8] == b"ftyp":
        return _boxed(data)
    if data.startswith(_TIFF) and data[8:10] != b"CR":
        return Format.TIFF
    return Format.SVG if _is_svg(data[:_HEAD_BYTES]) else None


def _boxed(data: bytes) -> Format | None:
    """By the brands of a file of boxes: its own, and those it is compatible with."""
    size = min(int.from_bytes(data[:4], "big"), 256)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, size, 4))]
    if any(brand in _AVIF for brand in brands):
        return Format.AVIF
    return Format.HEIC if brands[0] in _HEIC else None


def _is_svg(head: bytes) -> bool:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith(_XML_STARTS) and _SVG.search(start) is not None


def _name(data: bytes) -> str:
    head = data[:_HEAD_BYTES]
    return next((words for pattern, words in _STRANGERS if pattern.match(head)), _UNKNOWN)


def _listed(accepted: Collection[Format]) -> str:
    *most, last = [kind.label for kind in Format if kind in accepted]
    return f"{', '.join(most)} and {last}" if most else last
