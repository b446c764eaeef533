"""From a clean file to pixels as a person sees them: upright, in sRGB, 8 bits, without metadata."""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager

# Named, or Pillow would load all its decoders to find WebP's.
from PIL import Image, ImageCms, JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401

from shared.errors import Busy, UnreadableImage
from shared.image_format import png
from shared.image_format.structure import Format

_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TO_8_BITS = [round(value / 257) for value in range(65536)]


def decoded(clean: bytes, kind: Format, orientation: int, draft: tuple[int, int] | None = None) -> Image.Image:
    """RGB or RGBA; a JPEG halved up to three times while, as it lies, it stays at `draft` or more."""
    with opened(clean, kind) as image:
        if draft:
            image.draft(None, draft)  # None keeps the mode
        image.load()
        profile = image.info.get("icc_profile")
        colour, alpha = _separated(image, png.bit_depth(clean) if kind is Format.PNG else 8)
    picture = _in_srgb(colour, profile)
    if alpha is not None and alpha.getextrema() != (255, 255):
        picture.putalpha(alpha)
    if orientation in _TRANSPOSE:
        picture = picture.transpose(_TRANSPOSE[orientation])
    picture.info = {}
    return picture


@contextmanager
def opened(clean: bytes, kind: Format) -> Iterator[Image.Image]:
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
