"""From a clean file to pixels as a person sees them: upright, in sRGB, 8 bits, without metadata."""

from PIL import Image

from shared.image_format import png
from shared.image_format.structure import Format, Structure
from shared.images import sixteen_bits, srgb
from shared.images.opening import opened

_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decoded(
    structure: Structure,
    kind: Format,
    orientation: int,
    draft: tuple[int, int] | None = None,
    data: bytes | None = None,
) -> Image.Image:
    """RGB or RGBA; a JPEG halved up to three times while, as it lies, it stays at `draft` or more.

    `data`: what is decoded in the place of the clean file.
    """
    clean = structure.clean() if data is None else data
    if kind is Format.PNG and png.bit_depth(clean) == 16:
        colour, alpha, profile = sixteen_bits.read(structure)
    else:
        colour, alpha = _read(clean, kind, draft)
        profile = structure.profile
    picture = srgb.converted(colour, profile)
    if alpha is not None and alpha.getextrema() != (255, 255):
        picture.putalpha(alpha)
    picture = upright(picture, orientation)
    picture.info = {}
    return picture


def upright(picture: Image.Image, orientation: int) -> Image.Image:
    return picture.transpose(_TRANSPOSE[orientation]) if orientation in _TRANSPOSE else picture


def _read(clean: bytes, kind: Format, draft: tuple[int, int] | None) -> tuple[Image.Image, Image.Image | None]:
    with opened(clean, kind) as image:
        if draft:
            image.draft(None, draft)  # None keeps the mode
        image.load()
        return separated(image, png.bit_depth(clean) if kind is Format.PNG else 8)


def separated(image: Image.Image, depth: int = 8) -> tuple[Image.Image, Image.Image | None]:
    """Colour as L, RGB or CMYK with 8 bits, and alpha as L or None. `depth` is that of the samples, at most 8."""
    key = image.info.get("transparency")
    if image.mode in ("LA", "RGBA"):
        return image.convert(image.mode.removesuffix("A")), image.getchannel("A")
    if image.mode in ("P", "RGB") and key is not None:
        return separated(image.convert("RGBA"), depth)
    if image.mode in ("1", "L"):
        grey = image.convert("L")
        unscaled = image.mode == "L" and depth < 8  # Pillow stretches 2 and 4 bits to 8, but not the key
        return grey, _keyed(grey, key * 255 // ((1 << depth) - 1) if key is not None and unscaled else key)
    return (image.convert("RGB") if image.mode == "P" else image), None


def _keyed(grey: Image.Image, key: int | None) -> Image.Image | None:
    """The alpha of a grey picture in which one value is transparent."""
    return None if key is None else grey.point([255 * (level != key) for level in range(256)])
