"""What a cut-out shows, as far as its colours tell: flat artwork is a graphic, and nothing else is told apart."""

import numpy as np
from PIL import Image

from shared.models.composition import Subject
from shared.models.cutout import Method

_SIDE = 256  # pixels are taken from so many columns and rows
_OPAQUE = 250
_FEW, _MOST = 8, 0.8  # exact colours, and their share of artwork; photographs and shaded drawings have .02 to .43
_ENOUGH = 1_000  # pixels: fewer have few colours by themselves


def told(asked: Subject, cutout: Image.Image, method: Method | None) -> Subject:
    """The type that was asked for; else GRAPHIC for what was cut out by its flat colours, or has few; else OTHER."""
    if asked is not Subject.AUTO:
        return asked
    return Subject.GRAPHIC if method is Method.FLAT or _has_few_colours(cutout) else Subject.OTHER


def _has_few_colours(cutout: Image.Image) -> bool:
    size = min(cutout.width, _SIDE), min(cutout.height, _SIDE)
    pixels = np.asarray(cutout.resize(size, Image.Resampling.NEAREST)).reshape(-1, 4)
    colours = pixels[pixels[:, 3] >= _OPAQUE, :3].astype(np.int64) @ (1 << 16, 1 << 8, 1)
    counts = np.sort(np.unique(colours, return_counts=True)[1])
    return len(colours) >= _ENOUGH and bool(counts[-_FEW:].sum() >= _MOST * len(colours))
