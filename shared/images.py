"""Pictures: judged by their bytes, cleaned, decoded upright in sRGB, shrunk. The owner of Pillow.

    judge    header and structure against the limits, nothing decoded     any bytes  -> Judged
    verify   the picture is whole, in as little memory as the format lets  -> None, or UnreadableImage
    strip    the same pixels, bit for bit, without metadata               -> Stored
    decode   the pixels as a person sees them                             -> RGB or RGBA
    reduced  a JPEG verified and decoded small, for little more than the cost of either

Content decides the format, never a name. Pillow is given only files that `shared.imagefile` has put together anew, and
only one format to try, so none of its other decoders, its metadata parsers and its guesses can be reached. What it
raises all the same is turned into our errors in one place, `_opened`.
"""

import io
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

# Named, or Pillow would load all its decoders to find WebP's.
from PIL import Image, ImageCms, JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401

from shared.errors import (
    AnimatedImage,
    Busy,
    Failure,
    ImageTooLarge,
    ImageTooSmall,
    UnreadableImage,
    UnsupportedImage,
)
from shared.imagefile import jpeg, png, webp
from shared.imagefile.structure import Format
from shared.models import Foreground

MAX_PIXELS = 50_000_000  # 200 MB as RGBA; the largest phone and mirrorless pictures people send have 48 to 50
MAX_SIDE = 16_000  # WebP ends at 16,383
MIN_SIDE = 16  # below that there is no subject to be found, and nothing to print
PREVIEW_SIDE = 1024
INK = 8  # alpha from which a pixel counts as visible
_UNSURE = slice(26, 230)  # alpha between 10 % and 90 %
# Quality 85 is 39 to 45 dB on our pictures, where nobody tells the two apart; 90 is a third larger. Method 2 loses
# 0.1 dB against 4. Alpha quality 80 keeps 96 levels, placed where they are needed: at most 1 of 255 off on our
# pictures. Together half a megapixel takes 32 ms of CPU instead of 76, and 2 % more bytes.
_QUALITY, _METHOD, _ALPHA_QUALITY = 85, 2, 80
_MAX_WEBP_VERIFIED = 16_000_000  # 250 MB
_one_at_a_time = threading.Lock()  # so that a process with many threads needs the memory of one picture
_MAX_DPI = 100_000  # what lies beyond is no statement about paper
_SIDEWAYS = 5  # EXIF's orientations 5 to 8 lie on their side
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_READ = {Format.JPEG: jpeg.read, Format.PNG: png.read, Format.WEBP: webp.read}
_ORIENT = {
    Format.JPEG: jpeg.with_orientation,
    Format.PNG: png.with_orientation,
    Format.WEBP: webp.with_orientation,
}
_TO_8_BITS = [round(value / 257) for value in range(65536)]


Picture = Image.Image  # for those who hold one and know no Pillow


@dataclass(frozen=True, slots=True)
class Judged:
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


class Preview(NamedTuple):
    data: bytes
    content_type: str
    size: tuple[int, int]


class NotACutout(ValueError):
    """What came back is no PNG, damaged, of another size, or without an alpha channel."""


def judge(data: bytes) -> Judged:
    """Raises one of the failures of a picture; costs milliseconds whatever the file claims to be."""
    kind = _format(data)
    found = _READ[kind](data)
    if found.animated:
        raise AnimatedImage
    if found.width * found.height > MAX_PIXELS or max(found.width, found.height) > MAX_SIDE:
        raise ImageTooLarge(
            details={"width": found.width, "height": found.height, "maxPixels": MAX_PIXELS, "maxSide": MAX_SIDE}
        )
    if min(found.width, found.height) < MIN_SIDE:
        raise ImageTooSmall(details={"width": found.width, "height": found.height, "minSide": MIN_SIDE})
    sides = (found.width, found.height) if found.orientation < _SIDEWAYS else (found.height, found.width)
    return Judged(kind, *sides, found.orientation, found.alpha)


def verify(data: bytes, judged: Judged) -> None:
    """Raises UnreadableImage unless the picture can be decoded to its end.

    At 50 megapixels PNG takes 3 MB, JPEG 6, progressive JPEG 150 to 300, and WebP would take 750. libwebp gives all or
    nothing, never half a picture, so a large WebP is left to whoever decodes it.
    """
    structure = _READ[judged.format](data)
    if judged.format is Format.PNG:
        png.check(structure)
        return
    if judged.format is Format.WEBP and judged.width * judged.height > _MAX_WEBP_VERIFIED:
        return
    whole = jpeg.unended(structure) if judged.format is Format.JPEG else structure.clean()
    with _one_at_a_time, _opened(whole, judged.format) as image:
        image.draft("L", (1, 1))  # JPEG only: reads all coded data, but computes an eighth of each side of the luma
        image.load()


def strip(data: bytes, judged: Judged) -> Stored:
    """Nothing is decoded or encoded, so the pixels are the received ones and 20 MB take milliseconds."""
    return Stored(_READ[judged.format](data).clean(), judged.format.content_type, judged.orientation)


def with_orientation(data: bytes, orientation: int) -> bytes:
    """A stored file for someone who has only the file: EXIF with the orientation and nothing else put back."""
    return _ORIENT[_format(data)](data, orientation) if orientation != 1 else data


def decode(data: bytes, judged: Judged) -> Image.Image:
    """Upright, in sRGB, 8 bits; RGBA when some pixel has alpha below 255, else RGB. Carries no metadata."""
    return _decoded(_READ[judged.format](data).clean(), judged, None)


def reduced(data: bytes, judged: Judged, side: int) -> Image.Image:
    """What `decode` gives of a JPEG, halved up to three times while both sides stay at `side` or more; as `verify`."""
    return _decoded(jpeg.unended(jpeg.read(data)), judged, (side, side))


def density(data: bytes, judged: Judged) -> tuple[float, float] | None:
    """Pixels per inch across and down as displayed, where the file states them."""
    with _opened(_READ[judged.format](data).clean(), judged.format) as image:
        stated = image.info.get("dpi")
    if not stated or not all(0 < value < _MAX_DPI for value in stated):
        return None
    across, down = float(stated[0]), float(stated[1])
    return (across, down) if judged.orientation < _SIDEWAYS else (down, across)


def _decoded(clean: bytes, judged: Judged, draft: tuple[int, int] | None) -> Image.Image:
    with _opened(clean, judged.format) as image:
        if draft:
            image.draft(None, draft)  # None keeps the mode
        image.load()
        profile = image.info.get("icc_profile")
        colour, alpha = _separated(image, png.bit_depth(clean) if judged.format is Format.PNG else 8)
    picture = _in_srgb(colour, profile)
    if alpha is not None and alpha.getextrema() != (255, 255):
        picture.putalpha(alpha)
    if judged.orientation in _TRANSPOSE:
        picture = picture.transpose(_TRANSPOSE[judged.orientation])
    picture.info = {}
    return picture


def preview(image: Image.Image) -> Preview:
    """A WebP for the page, at most 1,024 pixels on its long side, never enlarged; alpha is kept."""
    scale = min(1.0, PREVIEW_SIDE / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    small = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=_QUALITY, method=_METHOD, alpha_quality=_ALPHA_QUALITY)
    return Preview(out.getvalue(), Format.WEBP.content_type, small.size)


def measure(picture: Image.Image) -> tuple[Foreground, float]:
    """The box around an RGBA picture's ink, and the share of ink that is neither here nor there.

    ValueError when there is no ink at all.
    """
    alpha = picture.getchannel("A")
    box = alpha.point([255 * (level >= INK) for level in range(256)]).getbbox()
    if box is None:
        raise NotACutout("nothing in it is visible")
    left, top, right, bottom = box
    counts = alpha.histogram()
    return Foreground(top, left, right - left, bottom - top), sum(counts[_UNSURE]) / sum(counts[INK:])


def open_cutout(data: bytes, width: int, height: int) -> Image.Image:
    """A provider's answer as RGBA of these sides; raises NotACutout, a ValueError, with the reason."""
    try:
        judged = judge(data)
        if judged.format is not Format.PNG or not judged.alpha:
            raise NotACutout(f"expected a PNG with an alpha channel, got {judged.format.value}")
        if (judged.width, judged.height) != (width, height):
            raise NotACutout(f"expected {width}x{height}, got {judged.width}x{judged.height}")
        with ThreadPoolExecutor(1) as beside:  # both inflate the same bytes, and neither holds the interpreter's lock
            whole = beside.submit(verify, data, judged)
            picture = decode(data, judged)
            whole.result()
    except Failure as failure:
        raise NotACutout(failure.public) from failure
    return picture if picture.mode == "RGBA" else picture.convert("RGBA")


def _format(data: bytes) -> Format:
    if any(signature.startswith(data) for signature in (jpeg.SIGNATURE, png.SIGNATURE)):
        raise UnreadableImage("The file is empty or ends where it begins.")
    if data.startswith(jpeg.SIGNATURE):
        return Format.JPEG
    if data.startswith(png.SIGNATURE):
        return Format.PNG
    if webp.matches(data):
        return Format.WEBP
    raise UnsupportedImage


@contextmanager
def _opened(clean: bytes, kind: Format) -> Iterator[Image.Image]:
    """Pillow's own errors are many; MemoryError is ours, not the picture's."""
    try:
        with Image.open(io.BytesIO(clean), formats=(kind.value.upper(),)) as image:
            yield image
    except MemoryError:
        raise Busy from None
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        OverflowError,
        struct.error,
        Image.DecompressionBombError,
    ) as error:
        raise UnreadableImage from error


def _separated(image: Image.Image, depth: int) -> tuple[Image.Image, Image.Image | None]:
    """Colour as L, RGB or CMYK with 8 bits, and alpha as L or None. `depth` is that of a PNG's samples."""
    key = image.info.get("transparency")
    if image.mode in ("LA", "RGBA"):
        return image.convert(image.mode.removesuffix("A")), image.getchannel("A")
    if image.mode in ("P", "RGB") and key is not None:
        if image.mode == "RGB" and depth == 16:  # Pillow keeps the high bytes of the pixels, but the whole key
            image.info["transparency"] = tuple(sample >> 8 for sample in key)
        return _separated(image.convert("RGBA"), depth)
    if image.mode == "I;16":  # convert("L") would clip instead of scale
        wide = image.convert("I")
        return wide.point(_TO_8_BITS, "L"), _keyed(wide, key, 65536)
    if image.mode in ("1", "L"):
        grey = image.convert("L")
        unscaled = image.mode == "L" and depth < 8  # Pillow stretches 2 and 4 bits to 8, but not the key
        return grey, _keyed(grey, key * 255 // ((1 << depth) - 1) if key is not None and unscaled else key, 256)
    return (image.convert("RGB") if image.mode == "P" else image), None


def _keyed(grey: Image.Image, key: int | None, levels: int) -> Image.Image | None:
    """The alpha of a grey picture in which one value is transparent."""
    return None if key is None else grey.point([0 if level == key else 255 for level in range(levels)], "L")


def _in_srgb(colour: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB by the file's own profile; a profile that is broken or made for other channels is as good as none."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if not ImageCms.getProfileDescription(source).startswith("sRGB"):  # most are: nothing to compute
                converted = ImageCms.profileToProfile(colour, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
                return converted or colour
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass
    return colour if colour.mode == "RGB" else colour.convert("RGB")
