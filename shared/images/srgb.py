"""Colours as a file means them, turned into sRGB by Little CMS.

By the relative colorimetric intent, as libvips does. A profile counts by what it does to colours: one that moves none
of a coarse grid by more than a level is sRGB, whatever it is called.
"""

import io
from functools import lru_cache
from itertools import product
from pathlib import Path

from PIL import Image, ImageCms

from shared.image_format import icc
from shared.image_format.colour import SRGB_CURVE

_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_EXACT = ImageCms.Flags.NOOPTIMIZE  # Little CMS shortens grey to 33 steps, 10 levels off in the shadows
_GRID = bytes(level for colour in product(range(0, 256, 15), repeat=3) for level in colour)
_GRID_SIDES = (18 * 18, 18)
_PROFILES_KEPT = 8
_PRESS = Path(__file__).with_name("press.icc")


def converted(colour: Image.Image, profile: bytes) -> Image.Image:
    """RGB of an L, RGB or CMYK picture; a profile that is broken or made for other channels is as good as none."""
    try:
        if colour.mode == "L":
            return colour.point(_levels(profile)).convert("RGB") if profile else colour.convert("RGB")
        transform = _transform(profile, colour.mode) if profile else None
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        transform = None
    if colour.mode == "CMYK":
        transform = transform or _transform(_press(), "CMYK")
    if transform is None:
        return colour.convert("RGB")
    return transform.apply(colour)


@lru_cache(_PROFILES_KEPT)
def narrowing(curve: bytes) -> list[int]:
    """For each level of 16 bits on this curve (the tag of a profile) that of 8 bits on sRGB's.

    Raises ImageCms.PyCMSError for what is no curve.
    """
    ramp = Image.frombytes("I;16", (256, 256), b"".join(level.to_bytes(2, "little") for level in range(1 << 16)))
    made = ImageCms.profileToProfile(
        ramp, _opened(_grey(curve)), _opened(_grey(SRGB_CURVE)), _INTENT, "L", flags=_EXACT
    )  # fmt: skip
    assert made is not None
    return list(made.tobytes())


@lru_cache(_PROFILES_KEPT)
def _levels(profile: bytes) -> list[int]:
    """What each grey level becomes."""
    ramp = Image.frombytes("L", (256, 1), bytes(range(256)))
    made = ImageCms.profileToProfile(ramp, _opened(profile), _srgb(), _INTENT, "RGB", flags=_EXACT)
    assert made is not None
    return list(made.getchannel("G").tobytes())


@lru_cache(_PROFILES_KEPT)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """None where the colours are sRGB already. Raises ImageCms.PyCMSError where the profile does not fit."""
    transform = ImageCms.buildTransform(_opened(profile), _srgb(), mode, "RGB", _INTENT)
    if mode == "RGB":
        made = transform.apply(Image.frombytes("RGB", _GRID_SIDES, _GRID)).tobytes()
        if all(abs(one - other) <= 1 for one, other in zip(made, _GRID, strict=True)):
            return None
    return transform


@lru_cache(1)
def _press() -> bytes:
    """For CMYK that states no profile; see press.md."""
    return _PRESS.read_bytes()


def _grey(curve: bytes) -> bytes:
    return icc.made(icc.GREY, {b"wtpt": icc.xyz(*icc.D50), b"kTRC": curve})


def _opened(profile: bytes) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(profile))


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
