"""A small picture of a sheet, drawn from its placements: the sheet itself is too large for any decoder of pictures."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from services.worker.gang_sheet.designs import MM_PER_PX, Design
from shared.models.gang_sheet import Placement, pixels

_FILM = (226, 228, 230)  # white designs and black ones both show on it
_MOST = (900, 2400)  # pixels across and along
_FINEST = 3.0  # pixels a mm
_SAMPLED = 2  # pixels that a pixel of the preview is made of, to each side
_QUALITY = 80


def draw(designs: Sequence[Design], placements: Sequence[Placement], size: tuple[int, int]) -> Image.Image:
    """RGB; `size` is the sheet's, in pixels at print size."""
    scale = min(_FINEST * MM_PER_PX, *(most / side for most, side in zip(_MOST, size, strict=True)))
    sheet = Image.new("RGB", (max(1, round(size[0] * scale)), max(1, round(size[1] * scale))), _FILM)
    small = {item: _reduced(designs[item], scale) for item in {placement.item for placement in placements}}
    for placement in placements:
        picture = small[placement.item]
        if placement.quarters % 4:
            picture = picture.rotate(-90 * placement.quarters, expand=True)
        at = round(pixels(placement.x_mm) * scale), round(pixels(placement.y_mm) * scale)
        sheet.paste(picture, at, picture)
    return sheet


def encoded(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=_QUALITY, method=2)
    return out.getvalue()


def _reduced(design: Design, scale: float) -> Image.Image:
    """Few of the pixels are read: a sheet has hundreds of millions."""
    step = max(1, int(1 / scale / _SAMPLED))
    sampled = np.ascontiguousarray(design.colours.mapped()[::step, ::step])
    size = max(1, round(design.colours.width * scale)), max(1, round(design.colours.height * scale))
    return Image.fromarray(sampled).convert("RGBa").resize(size, Image.Resampling.BOX).convert("RGBA")
