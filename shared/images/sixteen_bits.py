"""Pictures of 16 bits a sample, which Pillow holds only half of: the high bytes. Here the low ones are read as well.

Samples go through the curves of their profile before they become 8 bits: in linear light the first of 256 levels are
visible steps. The rest of a profile, its matrix, is applied to 8 bits on sRGB's curve, where a level is as
fine as an eye. A profile that is not made of curves and a matrix is applied to the high bytes.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from PIL import Image, ImageChops, ImageCms

from shared.image_format import icc, png
from shared.image_format.colour import SRGB_CURVE
from shared.image_format.structure import Format, Structure
from shared.images import srgb
from shared.images.opening import opened

_STRIP_PIXELS = 1 << 20
_ROUNDED = [round(level / 257) for level in range(1 << 16)]
_OTHER_ORDER = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}

Box = tuple[int, int, int, int]


def read(structure: Structure) -> tuple[Image.Image, Image.Image | None, bytes]:
    """Of a PNG: L or RGB of 8 bits, alpha as L or None, and the profile these 8 bits have."""
    doubled = png.doubled(structure)
    if doubled is None:
        return _colour(structure)
    with opened(doubled, Format.PNG) as image:
        image.load()
        high, low, *alpha = image.split()
    key = png.key(structure)
    clear = _keyed(high, low, int.from_bytes(key, "big")) if key else alpha[0] if alpha else None
    if not structure.profile:
        return _through(high, low, [_ROUNDED]), clear, b""
    picture, left = _narrowed(high, low, structure.profile)
    return picture, clear, left


def low_bytes(data: bytes, kind: Format) -> Image.Image:
    """The picture of the low bytes, in the mode that Pillow opens the file in."""
    with opened(data, kind) as image:
        image.tile = [tile._replace(args=_swapped(tile.args)) for tile in image.tile]
        image.load()
        return image


def strips(size: tuple[int, int]) -> Iterator[Box]:
    """A picture of these sides from the top, in boxes that take little memory."""
    rows = max(1, _STRIP_PIXELS // size[0])
    return ((0, top, size[0], min(size[1], top + rows)) for top in range(0, size[1], rows))


def _colour(structure: Structure) -> tuple[Image.Image, Image.Image | None, bytes]:
    """Of RGB, reading the file again only where low bytes count."""
    clean = structure.clean()
    with opened(clean, Format.PNG) as image:
        key = image.info.get("transparency")
        if key is not None:  # Pillow keeps the high bytes of the pixels, but the whole key
            image.info["transparency"] = tuple(sample >> 8 for sample in key)
        shown = image.convert("RGBA") if key is not None else image
        alpha = shown.getchannel("A") if shown.mode == "RGBA" else None
        high = shown.convert("RGB")
    if icc.curves(structure.profile) is None:
        return high, alpha, structure.profile
    picture, left = _narrowed(high, low_bytes(clean, Format.PNG).convert("RGB"), structure.profile)
    return picture, alpha, left


def _narrowed(high: Image.Image, low: Image.Image, profile: bytes) -> tuple[Image.Image, bytes]:
    curves = icc.curves(profile)
    try:
        tables = [srgb.narrowing(curve) for curve in curves or ()]
    except ImageCms.PyCMSError:
        tables = []
    if len(tables) != len(high.getbands()):
        return high, profile
    return _through(high, low, tables), icc.with_curves(profile, SRGB_CURVE)


def _through(high: Image.Image, low: Image.Image, tables: Sequence[list[int]]) -> Image.Image:
    """Each sample by its channel's table, in the place of the high bytes."""
    for box in strips(high.size):
        bands = zip(high.crop(box).split(), low.crop(box).split(), tables, strict=True)
        high.paste(Image.merge(high.mode, [_wide(*pair).point(table, "L") for *pair, table in bands]), box)
    return high


def _wide(high: Image.Image, low: Image.Image) -> Image.Image:
    pairs = Image.merge("LA", (low, high))
    return Image.frombytes("I;16", pairs.size, pairs.tobytes()).convert("I")


def _keyed(high: Image.Image, low: Image.Image, key: int) -> Image.Image:
    """The alpha of a grey picture in which one value is transparent."""
    high_byte, low_byte = divmod(key, 256)
    return ImageChops.lighter(
        high.point([255 * (level != high_byte) for level in range(256)]),
        low.point([255 * (level != low_byte) for level in range(256)]),
    )


def _swapped(args: tuple[Any, ...] | str | None) -> tuple[Any, ...] | str:
    """What a decoder is told, with the name of the pixels' layout for the other order of bytes."""
    layout, *others = args if isinstance(args, tuple) else (args,)
    swapped = f"{str(layout)[:-1]}{_OTHER_ORDER[str(layout)[-1]]}"
    return (swapped, *others) if isinstance(args, tuple) else swapped
