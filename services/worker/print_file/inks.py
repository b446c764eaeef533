"""CMYK through a printer's ICC profile, by Little CMS.

Relative colorimetric with black point compensation: without it RGB 0 and RGB 20 get the same ink, and logos lose their
dark tones; perceptual would shift the colours that a printer can match.
"""

import io

import numpy as np
from PIL import Image, ImageCms

from services.worker.print_file.fitting import Pixels
from shared.image_format import icc

_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
# A finer table: its inks are within 7 of 255 of computing each pixel, which takes five times as long.
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.HIGHRESPRECALC
_STRIP_PIXELS = 1 << 20


def separated(rgba: Pixels, profile: bytes) -> Pixels:
    """(h, w, 5): cyan, magenta, yellow, black, 255 = full ink, and alpha as it was.

    Clear pixels get no ink: their colour means nothing, but a printer that ignores alpha would lay it. Raises
    ImageCms.PyCMSError for a profile that leads to no CMYK.
    """
    transform = ImageCms.buildTransform(_srgb(), io.BytesIO(profile), "RGB", "CMYK", _INTENT, _FLAGS)
    inks = np.empty((*rgba.shape[:2], 5), np.uint8)
    rows = max(1, _STRIP_PIXELS // rgba.shape[1])
    for top in range(0, len(rgba), rows):
        strip, made = rgba[top : top + rows], inks[top : top + rows]
        colours = Image.fromarray(np.ascontiguousarray(strip[..., :3]))
        made[..., :4] = np.asarray(transform.apply(colours))
        made[..., 4] = strip[..., 3]
        made[strip[..., 3] == 0] = 0
    return inks


def flat(inks: Pixels, plate: Pixels) -> Pixels:
    """(h, w, 5): inks as dense as alpha lets them be, since a file with spot channels has no alpha, and the plate."""
    made = np.empty_like(inks)
    rows = max(1, _STRIP_PIXELS // inks.shape[1])
    for top in range(0, len(inks), rows):
        strip = inks[top : top + rows]
        made[top : top + rows, :, :4] = (strip[..., :4].astype(np.uint16) * strip[..., 4:] + 127) // 255
    made[..., 4] = plate
    return made


def srgb() -> bytes:
    """A profile of sRGB, the same bytes each time."""
    return icc.clean(_srgb().tobytes())


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
