"""From a cut-out to the picture of its file: cropped, made smaller, on a background, compressed; in this order.

Large pictures are filled strip by strip and in place, so that a file takes no more memory than opening its cut-out.
PNG is encoded by `shared.fast_png`.
"""

import io
import math
from collections.abc import Callable

from PIL import Image

from shared.image_format import exif
from shared.image_format.structure import Density
from shared.models.cutout import Foreground
from shared.models.rendering import Colour, Format, Margins, Rendering

TYPES = {Format.PNG: "image/png", Format.WEBP: "image/webp", Format.JPG: "image/jpeg"}
_CLEAR, _WHITE = (0, 0, 0, 0), (255, 255, 255, 255)
_WEBP = {"quality": 90, "method": 2, "exact": True}  # method 4 takes twice as long for 4 % fewer bytes
_JPEG = {"quality": 92, "subsampling": 0}  # red lettering frays with halved colour
_ROWS = 256  # of a strip: 16 MB of the widest picture

Box = tuple[int, int, int, int]  # left, top, right, bottom
Ground = Callable[[tuple[int, int]], Image.Image]  # a picture, RGB or RGBA, decoded for what is to be filled


def render(cutout: Image.Image, subject: Foreground, asked: Rendering, ground: Ground | None = None) -> Image.Image:
    """The picture of the file: RGBA, or RGB where a background leaves nothing transparent. Uses `cutout` (RGBA) up."""
    box = crop_box(subject, asked.crop_margin, cutout.size) if asked.crop else (0, 0, *cutout.size)
    picture = _cropped(cutout, box, asked.size.max_pixels)
    if not asked.bg_color and not ground:
        return picture
    fill(picture, asked.bg_color or _CLEAR, ground)
    return picture.convert("RGB") if is_opaque(picture) else picture


def crop_box(subject: Foreground, margins: Margins, size: tuple[int, int]) -> Box:
    """The subject and its margins, as far as the picture reaches."""
    height, width = subject.height, subject.width
    top, right, bottom, left = (
        amount if unit == "px" else round(side * amount / 100)
        for (amount, unit), side in zip(margins, (height, width, height, width), strict=True)
    )
    return (
        max(0, subject.left - left),
        max(0, subject.top - top),
        min(size[0], subject.left + width + right),
        min(size[1], subject.top + height + bottom),
    )


def fill(picture: Image.Image, colour: Colour, ground: Ground | None = None) -> None:
    """Put an RGBA picture on a colour, and on `ground` over it: as large as covers the picture, its middle."""
    width, height = picture.size
    under = ground(picture.size) if ground else None
    if under and under.mode == "RGBA":
        under = under.convert("RGBa")  # or each strip would convert all of it
    for top in range(0, height, _ROWS):
        strip = (0, top, width, min(height, top + _ROWS))
        behind = Image.new("RGBA", (width, strip[3] - top), colour)
        if under:
            behind.alpha_composite(_covering(under, picture.size, top, strip[3]))
        behind.alpha_composite(picture.crop(strip))
        picture.paste(behind, strip)


def fitting(picture: Image.Image, asked: Format) -> Format:
    """What AUTO means for this picture; any other format is itself."""
    if asked is not Format.AUTO:
        return asked
    return Format.JPG if picture.mode == "RGB" or is_opaque(picture) else Format.PNG


def compressed(picture: Image.Image, kind: Format, dpi: Density | None) -> bytes:
    """A WEBP or JPG file. An RGBA picture is filled with white, in place, to become a JPG."""
    out = io.BytesIO()
    if kind is Format.WEBP:
        picture.save(out, "WEBP", **_WEBP, **({"exif": exif.minimal(density=dpi)} if dpi else {}))
        return out.getvalue()
    if picture.mode == "RGBA":
        fill(picture, _WHITE)
        picture = picture.convert("RGB")
    picture.save(out, "JPEG", **_JPEG, **({"dpi": dpi} if dpi else {}))
    return out.getvalue()


def _cropped(picture: Image.Image, box: Box, max_pixels: int | None) -> Image.Image:
    """The part in the box, of at most so many pixels; the picture itself if that is all of it."""
    width, height = box[2] - box[0], box[3] - box[1]
    if max_pixels and width * height > max_pixels:
        scale = math.sqrt(max_pixels / (width * height))
        size = max(1, int(width * scale)), max(1, int(height * scale))
        return picture.resize(size, Image.Resampling.LANCZOS, box)
    return picture if (width, height) == picture.size else picture.crop(box)


def _covering(ground: Image.Image, size: tuple[int, int], top: int, bottom: int) -> Image.Image:
    """Rows of the ground, made just large enough to cover the size, centred."""
    step = min(ground.width / size[0], ground.height / size[1])  # pixels of the ground for one of the picture
    left, above = (ground.width - step * size[0]) / 2, (ground.height - step * size[1]) / 2
    box = (left, above + step * top, left + step * size[0], above + step * bottom)
    return ground.resize((size[0], bottom - top), Image.Resampling.LANCZOS, _within(box, ground.size)).convert("RGBA")


def _within(box: tuple[float, float, float, float], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Without what rounding adds."""
    return max(0.0, box[0]), max(0.0, box[1]), min(size[0], box[2]), min(size[1], box[3])


def is_opaque(picture: Image.Image) -> bool:
    """Whether a picture with alpha has nothing transparent."""
    return picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255)
