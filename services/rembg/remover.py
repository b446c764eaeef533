"""From a picture to its cut-out, step by step.

    JPEG   decode small, to its end ──> network ──> mask ─┐
           decode whole, beside both ──────────────────────┴─> colours + mask ──> encode
    else   verify, decode whole ──> network ──> mask ───────┘

The mask is enlarged and attached to the picture's own colours, never multiplied into them: multiplying is what gives
cut-outs their dark rims. At its edge colours are freed of the background, and kept some pixels beyond, so that later
resizing pulls in no black; further out they are cleared, as they would make the file four times as large and give away
what was cut off.
"""

import time
from dataclasses import dataclass

import numpy as np
from PIL import Image

from services.rembg import alpha, encoder, matting
from services.rembg.alpha import INK
from services.rembg.decontamination import EdgeColours
from services.rembg.inference import Network
from services.rembg.options import Options, Output
from services.rembg.row_pool import Hands
from shared import images
from shared.errors import UnknownForeground
from shared.image_format.structure import Format
from shared.models.cutout import Foreground

_UNSURE = slice(26, 230)  # alpha between 10 % and 90 %
_KEPT_AROUND = 4  # pixels of the picture
_REDUCED = 1.25  # of the network's size: the mask is 0.03 of 255 away from the full decode's; at 1.0 it is 0.5


@dataclass(frozen=True, slots=True)
class Durations:
    """Seconds of each step; those that were not needed took none."""

    decode: float = 0.0
    infer: float = 0.0
    encode: float = 0.0


@dataclass(frozen=True, slots=True)
class Cutout:
    """A file, upright. `foreground` lies in the whole picture; `passed_through`: it was transparent when it came."""

    file: encoder.File
    foreground: Foreground
    uncertainty: float
    passed_through: bool
    durations: Durations


def remove(
    network: Network, data: bytes, info: images.ImageInfo, options: Options | None = None, *, alone: bool = True
) -> Cutout:
    """Cut out the subject of a judged file. Raises UnreadableImage and UnknownForeground."""
    asked = options or Options()
    start = time.perf_counter()
    with Hands(network.threads if alone else 1, info.width * info.height) as hands:
        picture, mask, decoded, inferred = _seen(network, data, info, hands, alone=alone)
        opacity = picture.getchannel("A") if mask is None else _opacity(picture, mask, asked, hands)
        foreground, uncertainty = measure(opacity)
        edges = None if mask is None or asked.output is Output.MASK else _edges(picture, mask, asked)
        file = encoder.make(picture, opacity, edges, foreground, asked, images.density(data, info), hands)
    durations = Durations(decoded - start, inferred - decoded, time.perf_counter() - inferred)
    return Cutout(file, foreground, uncertainty, mask is None, durations)


def _seen(
    network: Network, data: bytes, info: images.ImageInfo, hands: Hands, *, alone: bool
) -> tuple[Image.Image, Image.Image | None, float, float]:
    """The picture; the network's mask, None when the picture has its own; and when either was had."""
    if info.format is not Format.JPEG:
        images.verify(data, info)
        picture = images.decode(data, info)
        decoded = time.perf_counter()
        mask = None if picture.mode == "RGBA" else _mask(network, picture, alone=alone)
        return picture, mask, decoded, time.perf_counter()
    side = round(network.size * _REDUCED)
    whole = hands.submit(images.decode, data, info) if min(info.width, info.height) >= 2 * side else None
    small = images.reduced(data, info, side)
    decoded = time.perf_counter()
    mask = _mask(network, small, alone=alone)
    return whole.result() if whole else small, mask, decoded, time.perf_counter()


def _mask(network: Network, picture: Image.Image, *, alone: bool) -> Image.Image:
    return Image.fromarray(alpha.cleaned(np.asarray(network.mask(picture, alone=alone))))


def _opacity(picture: Image.Image, mask: Image.Image, asked: Options, hands: Hands) -> Image.Image:
    enlarged = _enlarged(mask, picture.size, hands)
    if asked.matting:
        enlarged = matting.refine(picture, enlarged, asked.matting)
    return encoder.smoothed(enlarged) if asked.smooth else alpha.snapped(enlarged)


def _edges(picture: Image.Image, mask: Image.Image, asked: Options) -> encoder.Edges:
    around = _KEPT_AROUND + (asked.matting.erode if asked.matting else 0)
    kept = alpha.cells_with_colour(np.asarray(mask), picture.size, around)
    return encoder.Edges(kept, EdgeColours(picture, mask, kept) if asked.decontaminate else None)


def _enlarged(mask: Image.Image, size: tuple[int, int], hands: Hands) -> Image.Image:
    """In shares of rows; what lies beyond a share's edge still counts for it, so there is no seam."""

    def rows(share: tuple[int, int]) -> Image.Image:
        top, bottom = (y * mask.height / size[1] for y in share)
        return mask.resize((size[0], share[1] - share[0]), Image.Resampling.LANCZOS, (0, top, mask.width, bottom))

    shares = hands.shares(0, size[1])
    parts = list(hands.map(rows, shares))
    if len(parts) == 1:
        return parts[0]
    whole = Image.new("L", size)
    for (top, _), part in zip(shares, parts, strict=True):
        whole.paste(part, (0, top))
    return whole


def measure(opacity: Image.Image) -> tuple[Foreground, float]:
    """The box around the ink, and the share of ink that is neither here nor there. UnknownForeground without ink."""
    box = opacity.point([255 * (level >= INK) for level in range(256)]).getbbox()
    if box is None:
        raise UnknownForeground()
    left, top, right, bottom = box
    counts = opacity.histogram()
    return Foreground(top, left, right - left, bottom - top), sum(counts[_UNSURE]) / sum(counts[INK:])
