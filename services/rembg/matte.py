"""The matte of a picture: its colours, and how opaque each pixel is.

    transparent, and plainly a cut-out ──> as it is
    flat artwork on a flat ground ───────> alpha and colours from the two known colours
    anything else ──> network ──> mask ──> alpha, and colours freed of the background

A picture with some transparency that is no cut-out is judged by its visible part; the smaller of its own alpha and the
new one counts.

A mask is enlarged and attached to the picture's own colours, never multiplied into them: multiplying is what gives
cut-outs dark edges. At its edge, colours are freed of the background and extended some pixels beyond, so that later
resizing pulls in no black; further out they are cleared, as they would make the file four times as large and give away
what was cut off.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageChops

from services.rembg import alpha, encoder, flat_ground, matting, tiling, transparency
from services.rembg.blank import is_blank
from services.rembg.decontamination import EdgeColours
from services.rembg.options import Options, Output
from services.rembg.row_pool import RowPool
from shared.errors import UnknownForeground
from shared.models.cutout import Method, Transparency

_KEPT_AROUND = 4  # pixels of the picture
_MOST_CANVAS = 4  # times the network's size: what a mask may grow to when only a part of the picture is visible
_BLANK_SIZE = (320, 320)
# On 20 drawings of a sixth of the picture, the second pass takes the IoU from .958 to .987 and the error of alpha from
# .66 to .23 of 255; of a quarter from .966 to .988; of two fifths the gain is gone (docs/decisions/0072).
_SMALL = 0.3  # of the picture, margins included
_MARGIN = 0.15  # of the subject, on each side
_AGREEMENT = 0.5  # IoU of both masks
_WHITE = (255, 255, 255, 255)

Box = tuple[int, int, int, int]
MaskSquare = Callable[[Image.Image], Image.Image]  # an RGB picture's mask (mode L), both sides of the network's size


@dataclass(frozen=True, slots=True)
class Decoded:
    """`small` is what the network sees, `whole` waits for the picture; both are the same but for large JPEGs."""

    small: Image.Image
    whole: Callable[[], Image.Image]


@dataclass(frozen=True, slots=True)
class Matte:
    """The picture with its colours, and how opaque they are. `edges` says where colours are cleaned and cleared."""

    picture: Image.Image
    opacity: Image.Image
    edges: encoder.Edges | None
    method: Method | None


def find(mask_square: MaskSquare, size: int, decoded: Decoded, asked: Options, pool: RowPool) -> Matte:
    own = decoded.small.getchannel("A") if decoded.small.mode == "RGBA" else None
    if own and (asked.transparency is Transparency.KEEP or transparency.is_cutout(own)):
        return Matte(decoded.small, own, None, None)
    box = transparency.visible_box(own) if own else None
    try:
        matte = _flat_matte(decoded, box, asked) or _network_matte(mask_square, size, decoded, box, asked, pool)
    except UnknownForeground:
        if own and transparency.is_partly_clear(own):  # a bar, a frame or stripes that fill the box around them
            return Matte(decoded.small, own, None, None)
        raise
    return replace(matte, opacity=ImageChops.darker(own, matte.opacity)) if own else matte


def _flat_matte(decoded: Decoded, box: Box | None, asked: Options) -> Matte | None:
    """None where the picture is no flat artwork, or the network is asked for. Raises UnknownForeground if `FLAT` is."""
    if asked.method is Method.NETWORK:
        return None
    forced = asked.method is Method.FLAT
    found = None
    small = _seen(decoded.small, box)
    if flat_ground.has_flat_ground(np.asarray(small)):
        if is_blank(np.asarray(small.resize(_BLANK_SIZE, Image.Resampling.BOX, reducing_gap=2.0))):
            raise UnknownForeground()
        found = flat_ground.cut(np.asarray(_seen(decoded.whole(), box)), forced=forced)
    if found is None:
        if forced:
            raise UnknownForeground("The picture has no flat ground.")
        return None
    colours, opacity = (Image.fromarray(plane) for plane in found)
    if box:
        picture = decoded.whole()
        colours, opacity = _on_canvas(colours, box, picture.size), _on_canvas(opacity, box, picture.size)
    return Matte(colours, opacity, None, Method.FLAT)


def _network_matte(
    mask_square: MaskSquare,
    size: int,
    decoded: Decoded,
    box: Box | None,
    asked: Options,
    pool: RowPool,
) -> Matte:
    mask = find_mask(_seen(decoded.small, box), size, mask_square)
    picture = decoded.whole()
    if box:
        mask = _mask_of_all(mask, box, picture.size)
    elif asked.second_pass:
        mask = look_closer(picture, mask, size, mask_square)
    edges = None if asked.output is Output.MASK else find_edges(picture, mask, asked)
    return Matte(picture, find_opacity(picture, mask, asked, pool), edges, Method.NETWORK)


def find_mask(picture: Image.Image, size: int, mask_square: MaskSquare) -> Image.Image:
    """The mask of an RGB picture without faint islands and holes, as fine as the network makes it."""
    elongated = tiling.is_elongated(*picture.size)
    mask = tiling.mask(picture, size, mask_square) if elongated else mask_square(picture)
    return Image.fromarray(alpha.cleaned(np.asarray(mask)))


def look_closer(picture: Image.Image, mask: Image.Image, size: int, mask_square: MaskSquare) -> Image.Image:
    """The mask of a subject that covers little of the picture, found again at the subject's own resolution.

    It costs one more inference. The first mask stays where that gains nothing, or where the second contradicts it.
    """
    box = _box_around_ink(mask, picture.size)
    width, height = box[2] - box[0], box[3] - box[1]
    small = width * height < _SMALL * picture.width * picture.height and min(width, height) >= size
    if not small or mask.width != mask.height or tiling.is_elongated(width, height):
        return mask
    try:
        closer = _mask_of_all(find_mask(picture.crop(box), size, mask_square), box, picture.size)
    except UnknownForeground:
        return mask
    first, second = (np.asarray(found.resize(mask.size, Image.Resampling.BOX)) > 127 for found in (mask, closer))
    agree = np.count_nonzero(first & second) >= _AGREEMENT * np.count_nonzero(first | second)
    return closer if agree else mask


def _box_around_ink(mask: Image.Image, size: tuple[int, int]) -> Box:
    """Left, top, right and bottom in the picture, with a margin for what the network needs to see around a subject."""
    found = transparency.visible_box(mask)
    if found is None:
        return (0, 0, *size)
    across, down = size[0] / mask.width, size[1] / mask.height
    left, top, right, bottom = found[0] * across, found[1] * down, found[2] * across, found[3] * down
    wider, higher = _MARGIN * (right - left), _MARGIN * (bottom - top)
    return (
        max(0, int(left - wider)),
        max(0, int(top - higher)),
        min(size[0], math.ceil(right + wider)),
        min(size[1], math.ceil(bottom + higher)),
    )


def _seen(picture: Image.Image, box: Box | None) -> Image.Image:
    """The part of the picture in the box, on white where it is transparent."""
    if picture.mode != "RGBA":
        return picture
    part = picture.crop(box)
    return Image.alpha_composite(Image.new("RGBA", part.size, _WHITE), part).convert("RGB")


def _on_canvas(part: Image.Image, box: Box, size: tuple[int, int]) -> Image.Image:
    whole = Image.new(part.mode, size)
    whole.paste(part, box[:2])
    return whole


def _mask_of_all(mask: Image.Image, box: Box, size: tuple[int, int]) -> Image.Image:
    """The mask of the whole picture from that of a part: as fine, as far as memory allows."""
    left, top, right, bottom = box
    wanted = (mask.width * size[0] / (right - left), mask.height * size[1] / (bottom - top))
    width, height = (min(round(side), _MOST_CANVAS * known) for side, known in zip(wanted, mask.size, strict=True))
    across, down = width / size[0], height / size[1]
    place = (round(left * across), round(top * down), round(right * across), round(bottom * down))
    whole = Image.new("L", (width, height))
    whole.paste(mask.resize((max(1, place[2] - place[0]), max(1, place[3] - place[1]))), place[:2])
    return whole


def find_opacity(picture: Image.Image, mask: Image.Image, asked: Options, pool: RowPool) -> Image.Image:
    enlarged = _enlarged(mask, picture.size, pool)
    if asked.matting:
        enlarged = matting.refine(picture, enlarged, asked.matting)
    return encoder.smoothed(enlarged) if asked.smooth else alpha.snapped(enlarged)


def find_edges(picture: Image.Image, mask: Image.Image, asked: Options) -> encoder.Edges:
    around = _KEPT_AROUND + (asked.matting.erode if asked.matting else 0)
    kept = alpha.cells_with_colour(np.asarray(mask), picture.size, around)
    return encoder.Edges(kept, EdgeColours(picture, mask, kept) if asked.decontaminate else None)


def _enlarged(mask: Image.Image, size: tuple[int, int], pool: RowPool) -> Image.Image:
    """In shares of rows; what lies beyond a share's edge still counts for it, so there is no seam."""

    def rows(share: tuple[int, int]) -> Image.Image:
        top, bottom = (y * mask.height / size[1] for y in share)
        return mask.resize((size[0], share[1] - share[0]), Image.Resampling.LANCZOS, (0, top, mask.width, bottom))

    shares = pool.shares(0, size[1])
    parts = list(pool.map(rows, shares))
    if len(parts) == 1:
        return parts[0]
    whole = Image.new("L", size)
    for (top, _), part in zip(shares, parts, strict=True):
        whole.paste(part, (0, top))
    return whole
