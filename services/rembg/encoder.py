"""The answer's file: colours and alpha put together as asked, and encoded.

A PNG is put together and encoded strip by strip, in memory that stays in the processor's cache: at 12 megapixels that
takes half the time of doing each step for the whole picture, and 50 MB less.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from services.rembg.decontamination import EdgeColours
from services.rembg.options import Options, Output
from services.rembg.row_pool import RowPool
from shared import fast_png
from shared.images import rendering
from shared.models.cutout import Foreground
from shared.models.rendering import Format

Dpi = tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class File:
    data: bytes
    content_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Edges:
    """`kept`: a small map of where colours stay, cleared elsewhere; `colours`: what they become, if not the same."""

    kept: np.ndarray
    colours: EdgeColours | None


def make(
    picture: Image.Image,
    alpha: Image.Image,
    edges: Edges | None,
    subject: Foreground,
    asked: Options,
    dpi: Dpi,
    pool: RowPool,
) -> File:
    """Without `edges` all colours stay as they are."""
    box = rendering.crop_box(subject, asked.margins, picture.size) if asked.margins else (0, 0, *picture.size)
    size = box[2] - box[0], box[3] - box[1]
    if asked.output is Output.MASK:
        return _encoded(alpha.crop(box), asked.format, dpi)
    kind = asked.format
    if kind is Format.AUTO and asked.background is None and alpha.crop(box).getextrema() != (255, 255):
        kind = Format.PNG
    if kind is Format.PNG and asked.background is None:
        left, top, right, bottom = box
        bands = [_strips(picture, alpha, edges, (left, a, right, b)) for a, b in pool.shares(top, bottom)]
        data = fast_png.encode_bands(bands, (size[1], size[0], 4), dpi=dpi, each=pool.map)
        return File(data, rendering.TYPES[kind], *size)
    whole = np.concatenate([strip.copy() for strip in _strips(picture, alpha, edges, box)])
    image = Image.frombuffer("RGBA", size, whole, "raw", "RGBA", 0, 1)
    if asked.background:
        image = Image.alpha_composite(Image.new("RGBA", size, asked.background), image)
    return _encoded(image, kind, dpi)


def _strips(
    picture: Image.Image, alpha: Image.Image, edges: Edges | None, box: tuple[int, int, int, int]
) -> Iterator[np.ndarray]:
    """RGBA rows of the box from the top; all strips share one memory, which stays in the processor's cache."""
    left, top, right, bottom = box
    rows = min(bottom - top, fast_png.rows_of_strip(4 * (right - left)))
    pixels = np.empty((rows, right - left, 4), np.uint8)
    canvas = Image.frombuffer("RGBA", (right - left, rows), pixels, "raw", "RGBA", 0, 1)
    canvas.readonly = 0  # or Pillow would copy before it writes
    keep = _Keep(edges.kept if edges else None, picture.size, left, right)
    for y in range(top, bottom, rows):
        part = (left, y, right, min(bottom, y + rows))
        canvas.paste(picture.crop(part).convert("RGB"), (0, 0))
        strip = pixels[: part[3] - y]
        keep.clear(strip, y)
        if part[3] - y == rows:
            canvas.putalpha(alpha.crop(part))
        else:
            strip[..., 3] = np.asarray(alpha.crop(part))
        if edges and edges.colours:
            edges.colours.clean(strip, left, y)
        yield strip


class _Keep:
    """Clears colours beyond the edge, row by row of the small map, each of which covers several rows of the picture."""

    def __init__(self, kept: np.ndarray | None, size: tuple[int, int], left: int, right: int) -> None:
        self._map = None if kept is None else (kept > 0).astype(np.uint32)
        self._cleared = (
            set() if kept is None else set(np.nonzero(np.any(kept == 0, axis=1))[0].tolist())
        )  # rows with gaps
        self._height = size[1]
        self._columns = np.arange(left, right) * (kept.shape[1] if kept is not None else 0) // size[0]

    def clear(self, strip: np.ndarray, top: int) -> None:
        if self._map is None:
            return
        pixels = strip.view(np.uint32)[..., 0]
        at = (np.arange(top, top + len(strip)) * len(self._map)) // self._height
        rows = np.arange(at[0], at[-1] + 1)
        starts = np.searchsorted(at, [*rows, rows[-1] + 1]).tolist()
        for row, first, last in zip(rows, starts[:-1], starts[1:], strict=True):
            if row in self._cleared:
                pixels[first:last] *= self._map[row].take(self._columns)


def smoothed(alpha: Image.Image) -> Image.Image:
    """The post-processing of the rembg library: morphological opening, then a blur and a threshold at its middle."""
    opened = alpha.filter(ImageFilter.MinFilter(3)).filter(ImageFilter.MaxFilter(3))
    return opened.filter(ImageFilter.GaussianBlur(2)).point([255 * (level > 127) for level in range(256)])


def _encoded(image: Image.Image, asked: Format, dpi: Dpi) -> File:
    kind = rendering.fitting(image, asked)
    png = kind is Format.PNG
    data = fast_png.encode(np.asarray(image), dpi=dpi) if png else rendering.compressed(image, kind, dpi)
    return File(data, rendering.TYPES[kind], *image.size)
