"""A sheet from top to bottom in strips, with the proof in pixels: no ink is lost, overlaid or cut off."""

from collections.abc import Iterator, Sequence

import numpy as np

from services.worker.gang_sheet.designs import Design
from services.worker.gang_sheet.rasters import Laid, Raster
from services.worker.prepress.arrays import Pixels
from shared.models.gang_sheet import Placement, pixels

ROWS = 64  # of a strip: 1.7 MB at 560 mm, which stays in the cache


class InkLost(Exception):
    """A sheet has other ink than its pieces: two of them overlap, or one hangs over the edge."""


def colours(designs: Sequence[Design], placements: Sequence[Placement], size: tuple[int, int]) -> Iterator[Pixels]:
    """RGBA strips of a sheet of `size` (width, height) in pixels. Raises InkLost at the end."""
    found = 0
    for strip in _strips([_laid(designs[one.item].colours, one) for one in placements], size, 4):
        found += int(np.count_nonzero(strip[..., 3]))
        yield strip
    wanted = sum(designs[placement.item].ink for placement in placements)
    if found != wanted:
        raise InkLost(f"{found} pixels of ink instead of {wanted}")


def plates(designs: Sequence[Design], placements: Sequence[Placement], size: tuple[int, int]) -> Iterator[Pixels]:
    """Strips of the white plate, (rows, width, 1), of designs that have one; 255 = full ink."""
    pairs = [(designs[placement.item].plate, placement) for placement in placements]
    return _strips([_laid(plate, placement) for plate, placement in pairs if plate], size, 1)


def _laid(raster: Raster, placement: Placement) -> Laid:
    return Laid.of(raster, pixels(placement.x_mm), pixels(placement.y_mm), placement.quarters)


def _strips(pieces: Sequence[Laid], size: tuple[int, int], samples: int) -> Iterator[Pixels]:
    """Boxes of pieces interlock, their ink does not: so bytes are put together by `or`, which erases nothing."""
    width, height = size
    ahead = sorted(pieces, key=lambda piece: -piece.y)
    current: list[Laid] = []
    for top in range(0, height, ROWS):
        bottom = min(top + ROWS, height)
        strip = np.zeros((bottom - top, width, samples), np.uint8)
        while ahead and ahead[-1].y < bottom:
            current.append(ahead.pop())
        current = [piece for piece in current if piece.bottom > top]
        for piece in current:
            _lay(strip, piece, top)
        yield strip


def _lay(strip: Pixels, piece: Laid, top: int) -> None:
    """Lay a piece's part of a strip down; what lies outside the sheet is cut off."""
    first, last = max(piece.y, top), min(piece.bottom, top + len(strip))
    left, right = max(piece.x, 0), min(piece.x + piece.raster.width, strip.shape[1])
    if first < last and left < right:
        under = strip[first - top : last - top, left:right]
        np.bitwise_or(under, piece.rows(first, last)[:, left - piece.x : right - piece.x], out=under)
