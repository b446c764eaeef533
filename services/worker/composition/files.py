"""The file of a composition, in the format that was asked for."""

import io
import zipfile

import numpy as np
from PIL import Image

from services.worker.composition import canvas
from services.worker.cutout import files
from shared import fast_png, images
from shared.image_format.structure import Density
from shared.images import rendering
from shared.models import rendering as renderings
from shared.models.composition import Format

_COMPRESSED = {Format.JPG: renderings.Format.JPG, Format.WEBP: renderings.Format.WEBP}
_UNDATED = (1980, 1, 1, 0, 0, 0)  # the same picture gives the same bytes, which are stored once


def written(picture: Image.Image, asked: Format, dpi: Density | None) -> images.Copy:
    """Of a picture that is RGB if nothing is transparent, else RGBA. Uses it up."""
    kind = (Format.JPG if picture.mode == "RGB" else Format.PNG) if asked is Format.AUTO else asked
    if kind is Format.ZIP:
        return images.Copy(_zipped(picture, dpi), "application/zip", picture.size)
    if kind is Format.PNG:
        return images.Copy(files.png(picture, dpi), "image/png", picture.size)
    packed = _COMPRESSED[kind]
    return images.Copy(rendering.compressed(picture, packed, dpi), rendering.TYPES[packed], picture.size)


def matte(alpha: Image.Image, dpi: Density | None) -> images.Copy:
    """The alpha channel as a grey PNG."""
    return images.Copy(_grey(alpha, dpi), "image/png", alpha.size)


def _zipped(picture: Image.Image, dpi: Density | None) -> bytes:
    """Exactly color.jpg and alpha.png. The colour goes on where all is clear, so that JPEG's blocks blur no edge."""
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else Image.new("L", picture.size, 255)
    if picture.mode == "RGBA":
        canvas.spread(picture)
    colour = rendering.compressed(picture.convert("RGB"), renderings.Format.JPG, dpi)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in (("color.jpg", colour), ("alpha.png", _grey(alpha, dpi))):
            entry = zipfile.ZipInfo(name, _UNDATED)
            entry.external_attr = 0o644 << 16  # readable for all where it is unpacked
            archive.writestr(entry, data)
    return out.getvalue()


def _grey(alpha: Image.Image, dpi: Density | None) -> bytes:
    return fast_png.encode(np.asarray(alpha), dpi=dpi)
