"""Pictures: judged by their bytes, cleaned, decoded upright in sRGB, shrunk. The owner of Pillow.

    judge    header and structure against the limits, nothing decoded     any bytes  -> Judged
    verify   the picture is whole, in as little memory as the format lets  -> None, or UnreadableImage
    strip    the same pixels, bit for bit, without metadata               -> Stored
    decode   the pixels as a person sees them                             -> RGB or RGBA
    reduced  a JPEG verified and decoded small, for little more than the cost of either
    preview, web_copy   smaller copies for pages
    rendering  the picture of a cut-out's file: cropped, on a background

The content decides the format, never a name. Pillow is given only files that `shared.image_format` has rebuilt, and
only one format to try, so none of its other decoders, metadata parsers or guesses can be reached. What it still raises
becomes one of our errors in one place, `opening.opened`. Files of other formats are first made into PNG, by
`conversion`, which only the api's decoder process imports.
"""

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from PIL import Image

from shared.errors import (
    AnimatedImage,
    Failure,
    ImageTooLarge,
    ImageTooSmall,
    NoInk,
    TooComplex,
    UnreadableImage,
)
from shared.image_format import jpeg, png, webp
from shared.image_format.signature import recognise
from shared.image_format.structure import STORED, Density, Format, Structure
from shared.images import decoding, thumbnails
from shared.images.matte import INK, ink_box, measure
from shared.images.opening import opened
from shared.images.thumbnails import Copy, preview

__all__ = [
    "INK",
    "MAX_BYTES",
    "MAX_PIXELS",
    "MAX_SIDE",
    "MAX_STORED_BYTES",
    "STORED",
    "Copy",
    "Judged",
    "NotACutout",
    "Picture",
    "Stored",
    "accept",
    "decode",
    "density",
    "ink_box",
    "ink_size",
    "inspect",
    "is_unverified",
    "limit",
    "measure",
    "open_cutout",
    "preview",
    "recognise",
    "reduced",
    "sized",
    "strip",
    "verify",
    "web_copy",
    "with_orientation",
]

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000  # 200 MB as RGBA; the largest phone and mirrorless pictures people send have 48 to 50
MAX_STORED_BYTES = 64 << 20  # of a PNG made from another format: 48 megapixels of AVIF became 41 MB, of HEIC 25
MAX_SIDE = 16_000  # WebP ends at 16,383
MIN_SIDE = 16  # below that there is no subject to be found, and nothing to print
_MAX_WEBP_DECODED = 16_000_000  # 250 MB, for what may be a file of 34 bytes
_one_at_a_time = threading.Lock()  # so that a process with many threads needs the memory of one picture
_SIDEWAYS = 5  # EXIF's orientations 5 to 8 lie on their side
_READ = {Format.JPEG: jpeg.read, Format.PNG: png.read, Format.WEBP: webp.read}
_ORIENT = {
    Format.JPEG: jpeg.with_orientation,
    Format.PNG: png.with_orientation,
    Format.WEBP: webp.with_orientation,
}


Picture = Image.Image  # for those who hold one and know no Pillow


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """Sides as displayed, after `orientation` (EXIF's 1 to 8). `alpha`: some pixel may be transparent."""

    format: Format
    width: int
    height: int
    orientation: int
    alpha: bool


@dataclass(frozen=True, slots=True)
class Stored:
    """The received pixels, as they lie in the file; `orientation` is no longer in it and must be kept beside it."""

    data: bytes
    content_type: str
    orientation: int


class NotACutout(ValueError):
    """What came back is no PNG, damaged, of another size, or without an alpha channel."""


def inspect(data: bytes) -> ImageInfo:
    """Raises one of the failures of a picture; costs milliseconds whatever the file claims to be."""
    return _inspect(data, recognise(data, STORED))[0]


def accept(data: bytes, kind: Format) -> tuple[ImageInfo, Stored]:
    """As `inspect` and `strip` together, which would each read the file's structure, of a file that was recognised."""
    info, structure = _inspect(data, kind)
    return info, Stored(structure.clean(), info.format.content_type, info.orientation)


def _inspect(data: bytes, kind: Format) -> tuple[ImageInfo, Structure]:
    found = _READ[kind](data)
    if found.animated:
        raise AnimatedImage
    limit(found.width, found.height)
    sides = (found.width, found.height) if found.orientation < _SIDEWAYS else (found.height, found.width)
    return ImageInfo(kind, *sides, found.orientation, found.alpha), found


def limit(width: int, height: int) -> None:
    """Raises ImageTooLarge or ImageTooSmall for sides that no picture may have."""
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise ImageTooLarge(details={"width": width, "height": height, "maxPixels": MAX_PIXELS, "maxSide": MAX_SIDE})
    if min(width, height) < MIN_SIDE:
        raise ImageTooSmall(details={"width": width, "height": height, "minSide": MIN_SIDE})


def verify(data: bytes, info: ImageInfo) -> None:
    """Raises UnreadableImage unless the picture can be decoded to its end.

    At 50 megapixels PNG takes 3 MB, JPEG 6, progressive JPEG 150 to 300, and WebP would take 750. libwebp gives all or
    nothing, never half a picture, so a large WebP is checked only when a service decodes it.
    """
    structure = _READ[info.format](data)
    if info.format is Format.PNG:
        png.check(structure)
        return
    if is_unverified(info.format.content_type, info.width, info.height):
        return
    whole = jpeg.unended(structure) if info.format is Format.JPEG else structure.clean()
    with _one_at_a_time:
        with opened(whole, info.format) as image:
            image.draft("L", (1, 1))  # JPEG only: reads all coded data, but computes an eighth of each side of the luma
            image.load()
        if info.format is Format.JPEG:
            _verify_last_scan(structure)


def _verify_last_scan(structure: Structure) -> None:
    """Whether a file of several scans that lacks its end marker lacks nothing else: decoding more shows no more."""
    overfed = jpeg.overfed(structure)
    if overfed is None:
        return
    digests = set()
    for data in (structure.clean(), overfed):
        with opened(data, Format.JPEG) as image:
            image.load()
            digests.add(hashlib.sha256(image.tobytes()).digest())
    if len(digests) > 1:
        raise UnreadableImage


def strip(data: bytes, info: ImageInfo) -> Stored:
    """Nothing is decoded or encoded, so the pixels are the received ones and 20 MB take milliseconds."""
    return Stored(_READ[info.format](data).clean(), info.format.content_type, info.orientation)


def with_orientation(data: bytes, orientation: int) -> bytes:
    """A stored file for someone who has only the file: EXIF with the orientation and nothing else put back."""
    return _ORIENT[recognise(data, STORED)](data, orientation) if orientation != 1 else data


def decode(data: bytes, info: ImageInfo) -> Image.Image:
    """Upright, in sRGB, 8 bits; RGBA when some pixel has alpha below 255, else RGB. Carries no metadata."""
    return decoding.decoded(_READ[info.format](data), info.format, info.orientation)


def reduced(data: bytes, info: ImageInfo, side: int) -> Image.Image:
    """What `decode` gives of a JPEG, halved up to three times while both sides stay at `side` or more; as `verify`."""
    structure = jpeg.read(data)
    _verify_last_scan(structure)
    return decoding.decoded(structure, info.format, info.orientation, (side, side), jpeg.unended(structure))


def web_copy(data: bytes, info: ImageInfo, box: tuple[int, int]) -> Copy:
    """For a page, upright and within `box`, never enlarged: a progressive JPEG, or a WebP where there is alpha.

    Raises TooComplex like `sized`.
    """
    size = thumbnails.fitted((info.width, info.height), box)
    return thumbnails.for_web(sized(data, info, size), size)


def sized(data: bytes, info: ImageInfo, size: tuple[int, int]) -> Image.Image:
    """What `decode` gives, to be resized to `size`: a JPEG no larger than that needs to look its best.

    Raises TooComplex for a WebP so large that it was never verified.
    """
    if is_unverified(info.format.content_type, info.width, info.height):
        raise TooComplex("A WebP picture of more than 16 megapixels is not made smaller.")
    enough = 2 * size[0], 2 * size[1]
    draft = enough if info.orientation < _SIDEWAYS else enough[::-1]
    return decoding.decoded(_READ[info.format](data), info.format, info.orientation, draft)


def ink_size(data: bytes, info: ImageInfo) -> tuple[int, int]:
    """Width and height in pixels of the box around the ink, which is the whole of an opaque picture.

    Raises NoInk if all is transparent, and TooComplex like `sized`.
    """
    whole = info.width, info.height
    picture = sized(data, info, whole) if info.alpha else None
    if picture is None or picture.mode != "RGBA":
        return whole
    box = ink_box(picture.getchannel("A"))
    if box is None:
        raise NoInk
    return box[2] - box[0], box[3] - box[1]


def is_unverified(content_type: str, width: int, height: int) -> bool:
    """Whether decoding a stored picture of these sides may take more memory than `verify` allows."""
    return content_type == Format.WEBP.content_type and width * height > _MAX_WEBP_DECODED


def density(data: bytes, info: ImageInfo) -> Density | None:
    """Pixels per inch across and down as displayed, where the file states them."""
    stated = _READ[info.format](data).density
    return stated if stated is None or info.orientation < _SIDEWAYS else (stated[1], stated[0])


def open_cutout(
    data: bytes, width: int, height: int, quickly: Callable[[bytes, int, int], Any] = lambda *_: None
) -> Image.Image:
    """A provider's picture as RGBA of these sides; raises NotACutout, a ValueError, with the reason.

    `quickly` returns the pixels of a file that it can read, else None: `shared.fast_png.decode`, where its libraries
    are installed.
    """
    pixels = quickly(data, width, height)
    if pixels is not None and pixels.shape[2:] == (4,):
        return Image.fromarray(pixels)
    try:
        info = inspect(data)
        if info.format is not Format.PNG or not info.alpha:
            raise NotACutout(f"expected a PNG with an alpha channel, got {info.format.value}")
        if (info.width, info.height) != (width, height):
            raise NotACutout(f"expected {width}x{height}, got {info.width}x{info.height}")
        with ThreadPoolExecutor(1) as beside:  # both inflate the same bytes, and neither holds the interpreter's lock
            whole = beside.submit(verify, data, info)
            picture = decode(data, info)
            whole.result()
    except Failure as failure:
        raise NotACutout(failure.public) from failure
    return picture if picture.mode == "RGBA" else picture.convert("RGBA")
