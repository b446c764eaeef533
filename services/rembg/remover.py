"""From a file to the file of its cut-out: decode, find the matte, encode.

The network sees a JPEG that is decoded small, while the whole one is decoded beside it.
"""

import time
from dataclasses import dataclass
from functools import partial

from services.rembg import contrast, encoder, matte
from services.rembg.inference import Network
from services.rembg.options import Options
from services.rembg.row_pool import RowPool
from services.rembg.weights import Precision
from shared import images
from shared.image_format.structure import Format
from shared.models.cutout import Foreground, Method, Transparency

_REDUCED = 1.25  # of the network's size: the mask is 0.03 of 255 away from the full decode's; at 1.0 it is 0.5


@dataclass(frozen=True, slots=True)
class Durations:
    """Seconds of each step; those that were not needed took none."""

    decode: float = 0.0
    infer: float = 0.0
    encode: float = 0.0


@dataclass(frozen=True, slots=True)
class Cutout:
    """A file, upright. `foreground` lies in the whole picture; `method` is None for one that was kept as it came.

    `precision` is the network's: float as soon as one of its masks needed it, None where no network ran.
    """

    file: encoder.File
    foreground: Foreground
    uncertainty: float
    method: Method | None
    precision: Precision | None
    durations: Durations


def remove(
    network: Network, data: bytes, info: images.ImageInfo, options: Options | None = None, *, alone: bool = True
) -> Cutout:
    """Cut out the subject of an inspected file. Raises UnreadableImage and UnknownForeground."""
    asked = options or Options()
    start = time.perf_counter()
    ran: set[Precision] = set()
    with RowPool(network.threads if alone else 1, info.width * info.height) as pool:
        decoded = _decode(network, data, info, asked, pool)
        decoded_at = time.perf_counter()
        found = matte.find(partial(network.mask, alone=alone, ran=ran.add), network.size, decoded, asked, pool)
        matted_at = time.perf_counter()
        foreground, uncertainty = images.measure(found.opacity)
        if found.method is Method.NETWORK:
            uncertainty = max(uncertainty, contrast.doubt(found.picture, found.opacity))
        density = images.density(data, info)
        file = encoder.make(found.picture, found.opacity, found.edges, foreground, asked, density, pool)
    durations = Durations(decoded_at - start, matted_at - decoded_at, time.perf_counter() - matted_at)
    precision = Precision.FLOAT if Precision.FLOAT in ran else next(iter(ran), None)
    return Cutout(file, foreground, uncertainty, found.method, precision, durations)


def _decode(network: Network, data: bytes, info: images.ImageInfo, asked: Options, pool: RowPool) -> matte.Decoded:
    if info.format is not Format.JPEG:
        images.verify(data, info)
        picture = images.decode(data, info)
        if asked.transparency is Transparency.IGNORE:
            picture = picture.convert("RGB")
        return matte.Decoded(picture, lambda: picture)
    side = round(network.size * _REDUCED)
    whole = pool.submit(images.decode, data, info) if min(info.width, info.height) >= 2 * side else None
    small = images.reduced(data, info, side)
    return matte.Decoded(small, whole.result if whole else lambda: small)
