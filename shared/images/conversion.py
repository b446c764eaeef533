"""Pictures in formats that are not stored, made into a lossless PNG. Imported by the api's decoder process only.

Their libraries are large, and some of their formats are programs rather than pictures; in that process time and memory
end before anything else does. The PNG has the picture's own profile and its size on paper, and 16 bits a sample where
the file has; CMYK, which PNG does not know, becomes sRGB. Of a document of several pages the first counts.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator

# Named, or Pillow would load all its decoders to find these.
from PIL import (  # noqa: F401
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageChops,
    ImageFile,
    TiffImagePlugin,
)
from pillow_heif import options, register_heif_opener

from shared import images
from shared.errors import AnimatedImage, ImageTooLarge, UnsupportedImage
from shared.image_format import colour, exif, icc, png
from shared.image_format.structure import Density, Format
from shared.images import decoding, sixteen_bits, srgb, svg
from shared.images.opening import opened

Image.MAX_IMAGE_PIXELS = None  # ours is asked as soon as a file is opened, before anything is decoded
register_heif_opener()
options.DECODE_THREADS = 1  # a process beside others, and memory for each
options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False

_SEQUENCES = (b"msf1", b"hevc", b"hevx", b"avis")
_PLAINER = {"PA": "RGBA", "RGBX": "RGB", "YCbCr": "RGB"}
_MODES = frozenset(("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I;16B")) | _PLAINER.keys()
_WIDE = (";16", ";16B", ";16L", ";16N")  # how Pillow names layouts of 16 bits a sample
_RESOLUTION = 282  # without it Pillow says one dot an inch
_ORIENTATION, _DEPTHS, _PLANAR, _SEPARATE = 0x0112, 258, 284, 2
_KINDS = {"L": 0, "RGB": 2, "LA": 4, "RGBA": 6}  # PNG's colour types
_UP = 2  # the filter that takes each byte's difference from the one above
_LEVEL = 1
_NCLX = struct.Struct(">HHH")  # primaries, transfer, matrix


def to_png(data: bytes, kind: Format) -> bytes:
    """Upright. Raises the failures of a picture."""
    made = svg.rendered(data) if kind is Format.SVG else _converted(data, kind)
    if len(made) > images.MAX_STORED_BYTES:
        raise ImageTooLarge("The picture has too many pixels of too much detail; send it as JPEG.")
    return made


def _converted(data: bytes, kind: Format) -> bytes:
    with (
        warnings.catch_warnings(action="ignore"),
        opened(data, kind) as image,
    ):  # Pillow's, about texts that are dropped
        images.limit(*image.size)
        if _is_animated(image, data, kind):
            raise AnimatedImage
        wide = _is_wide(image)
        if image.mode not in _MODES or _is_planar(image):
            raise UnsupportedImage(
                f"This is a kind of {kind.label} that is not supported; save it flattened, in RGB or CMYK."
            )
        image.load()
        profile = _profile(image, data, kind)
        density = _density(image)
        if image.mode.startswith("I;16"):
            return _saved(image, _fitting(profile, icc.GREY), density)
        if wide:
            low = sixteen_bits.low_bytes(data, kind)
            return _written(image, low, _fitting(profile, icc.RGB), density)
        picture, profile = _flat(image, profile)
        upright = image.getexif().get(_ORIENTATION, 1) if kind is Format.AVIF else 1  # others: their libraries do
        return _saved(decoding.upright(picture, upright), profile, density)


def _flat(image: Image.Image, profile: bytes) -> tuple[Image.Image, bytes]:
    """In a mode that PNG knows, and the profile of that."""
    if image.mode == "CMYK":
        return srgb.converted(image, profile), b""
    picture = image.convert(_PLAINER[image.mode]) if image.mode in _PLAINER else image
    return picture, _fitting(profile, icc.GREY if picture.mode in ("1", "L", "LA") else icc.RGB)


def _profile(image: ImageFile.ImageFile, data: bytes, kind: Format) -> bytes:
    """Its own; else what files of boxes say by numbers. Raises UnsupportedImage for HDR."""
    numbers = _numbers(data) if kind in (Format.HEIC, Format.AVIF) else None
    stated = colour.from_code_points(*numbers) if numbers else None
    return icc.clean(image.info.get("icc_profile") or b"") or stated or b""


def _numbers(data: bytes) -> tuple[int, int] | None:
    """Primaries and transfer of the first colour box with code points."""
    at = data.find(b"colrnclx")
    if at < 0 or at + 8 + _NCLX.size > len(data):
        return None
    primaries, transfer, _ = _NCLX.unpack_from(data, at + 8)
    return primaries, transfer


def _fitting(profile: bytes, space: bytes) -> bytes:
    return profile if icc.space(profile) == space else b""


def _density(image: ImageFile.ImageFile) -> Density | None:
    stated = image.info.get("dpi")
    if stated is None or (isinstance(image, TiffImagePlugin.TiffImageFile) and _RESOLUTION not in image.tag_v2):
        return exif.read(image.info.get("exif") or b"").density
    try:
        return exif.stated(float(stated[0]), float(stated[1]))
    except (ZeroDivisionError, ValueError):
        return None


def _is_wide(image: ImageFile.ImageFile) -> bool:
    """Whether samples have 16 bits that can be halved: not where they are multiplied with alpha."""
    layouts = [str(tile.args[0] if isinstance(tile.args, tuple) else tile.args) for tile in image.tile]
    return any(layout.endswith(_WIDE) and layout.startswith(("RGB;", "RGBA;", "RGBX;", "I;")) for layout in layouts)


def _is_animated(image: ImageFile.ImageFile, data: bytes, kind: Format) -> bool:
    """Several pictures in TIFF are pages, in HEIC a collection; of both the first is shown."""
    if kind in (Format.HEIC, Format.AVIF) and data[8:12] in _SEQUENCES:
        return True
    return kind in (Format.GIF, Format.AVIF) and bool(getattr(image, "is_animated", False))


def _is_planar(image: ImageFile.ImageFile) -> bool:
    """Whether a TIFF has a plane for each channel, of more than 8 bits: Pillow would show the wrong ones."""
    tags = getattr(image, "tag_v2", {})
    return tags.get(_PLANAR) == _SEPARATE and max(tags.get(_DEPTHS, (1,))) > 8


def _saved(picture: Image.Image, profile: bytes, density: Density | None) -> bytes:
    out = io.BytesIO()
    stated = {"icc_profile": profile, "dpi": density, "transparency": picture.info.get("transparency")}
    picture.info = {}
    told = {name: value for name, value in stated.items() if value not in (None, b"")}
    picture.save(out, "PNG", compress_level=_LEVEL, **told)
    return out.getvalue()


def _written(high: Image.Image, low: Image.Image, profile: bytes, density: Density | None) -> bytes:
    """A PNG of 16 bits a sample, which Pillow does not write."""
    deflate = zlib.compressobj(_LEVEL)
    stream = b"".join([*(deflate.compress(strip) for strip in _filtered(high, low)), deflate.flush()])
    return png.made((*high.size, 16, _KINDS[high.mode]), stream, profile, density)


def _filtered(high: Image.Image, low: Image.Image) -> Iterator[bytes]:
    """Strips of rows, each behind the number of its filter."""
    above = None
    for box in sixteen_bits.strips(high.size):
        upper = high.crop(box)
        columns = 2 * len(upper.getbands()) * upper.width
        raw = bytearray(columns * upper.height)
        raw[0::2], raw[1::2] = upper.tobytes(), low.crop(box).tobytes()
        rows = Image.frombytes("L", (columns, upper.height), bytes(raw))
        before = Image.new("L", rows.size)
        before.paste(rows, (0, 1))
        if above is not None:
            before.paste(above, (0, 0))
        strip = Image.new("L", (columns + 1, upper.height), _UP)
        strip.paste(ImageChops.subtract_modulo(rows, before), (1, 0))
        yield strip.tobytes()
        above = rows.crop((0, rows.height - 1, columns, rows.height))
