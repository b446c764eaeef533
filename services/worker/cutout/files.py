"""The file of a cut-out in another form than the transparent PNG: another format or size, cropped, on a background."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from shared import fast_png, images
from shared.image_format.structure import Density
from shared.images import rendering
from shared.models.cutout import Foreground
from shared.models.rendering import Format, Rendering


def make(
    cutout: images.Picture, subject: Foreground, asked: Rendering, density: Density | None, background: bytes | None
) -> images.Copy:
    """Uses `cutout` up. `density` is the source's, `background` a stored picture's file with its orientation."""
    ground = partial(images.sized, background, images.inspect(background)) if background else None
    picture = rendering.render(cutout, subject, asked, ground)
    kind = rendering.fitting(picture, asked.format)
    dpi = (float(asked.dpi), float(asked.dpi)) if asked.dpi else density
    data = png(picture, dpi) if kind is Format.PNG else rendering.compressed(picture, kind, dpi)
    return images.Copy(data, rendering.TYPES[kind], picture.size)


def png(picture: images.Picture, dpi: Density | None) -> bytes:
    """A PNG of an RGB or RGBA picture."""
    width, height = picture.size
    shape = height, width, len(picture.getbands())
    return fast_png.encode_bands([_strips(picture, fast_png.rows_of_strip(width * shape[2]))], shape, dpi=dpi)


def _strips(picture: images.Picture, rows: int) -> Iterator[np.ndarray]:
    for top in range(0, picture.height, rows):
        yield np.asarray(picture.crop((0, top, picture.width, min(picture.height, top + rows))))
