"""Whether a picture with transparency already is a cut-out, or only has some transparent pixels.

Rounded corners of a screenshot, a photograph on a clear canvas, a soft row that a resize left, alpha 254 everywhere:
all of them have transparency and still show their whole background. What tells a cut-out from them is the shape of the
visible part: a subject leaves much of the box around it clear, along most of its edge.
"""

from PIL import Image

from shared.images import INK

# Shares of the box around the visible part. Of 600 drawings with transparency 92 % are above both; the rest are rounded
# squares, books and the like. Rounded corners with a radius of a quarter of the side leave 5 % of the area clear, a key
# colour scattered over a photograph little of the edge.
_CLEAR_AREA = 0.06
_CLEAR_EDGE = 0.35


def is_cutout(alpha: Image.Image) -> bool:
    """Whether an alpha channel (mode L) plainly is that of a cut-out. A channel with nothing visible counts as one."""
    box = visible_box(alpha)
    if box is None:
        return True
    inside = _visible(alpha.crop(box))
    width, height = inside.size
    edges = ((0, 0, width, 1), (0, height - 1, width, height), (0, 0, 1, height), (width - 1, 0, width, height))
    clear_edge = sum(inside.crop(edge).histogram()[0] for edge in edges)
    clear = inside.histogram()[0]
    return clear >= _CLEAR_AREA * width * height and clear_edge >= _CLEAR_EDGE * 2 * (width + height)


def is_partly_clear(alpha: Image.Image) -> bool:
    """Whether so much of the picture is clear that the visible part is plainly the whole subject."""
    return _visible(alpha).histogram()[0] >= _CLEAR_AREA * alpha.width * alpha.height


def visible_box(alpha: Image.Image) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of all that is visible; None where nothing is."""
    return _visible(alpha).getbbox()


def _visible(alpha: Image.Image) -> Image.Image:
    return alpha.point([255 * (level >= INK) for level in range(256)])
