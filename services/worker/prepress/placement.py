"""Where ink lies: its box in the picture, its size and place on the product, and whether the picture cuts it off."""

from dataclasses import dataclass

import numpy as np

from services.worker.prepress.arrays import Pixels
from services.worker.prepress.rim import HALF
from services.worker.prepress.rules import Print
from services.worker.prepress.working_copy import INK
from shared.models.print_check import Box

MM_PER_INCH = 25.4
_CROPPED_SHARE = 0.02  # of a border line
_SHOWN_DEPTH = 50  # a border line is shown as deep as this part of the picture


@dataclass(frozen=True, slots=True)
class Placement:
    box: Box
    mm_per_px: float
    width_mm: float
    height_mm: float
    over_mm: float  # how far it leaves the area that can be printed

    @property
    def dpi(self) -> float:
        return MM_PER_INCH / self.mm_per_px


def ink_box(alpha: Pixels) -> Box | None:
    rows, columns = np.flatnonzero(alpha.max(1) >= INK), np.flatnonzero(alpha.max(0) >= INK)
    if not len(rows):
        return None
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def place(box: Box, job: Print) -> Placement:
    mm_per_px = job.width_mm / (box.right - box.left)
    width, height = job.width_mm, (box.bottom - box.top) * mm_per_px
    x, y = job.offset_mm or ((job.area_mm[0] - width) / 2, (job.area_mm[1] - height) / 2)
    over = max(0.0, -x, -y, x + width - job.area_mm[0], y + height - job.area_mm[1])
    return Placement(box, mm_per_px, width, height, over)


def cropped(alpha: Pixels) -> tuple[Box, ...]:
    """Strips of the picture's border through which the subject leaves it."""
    height, width = alpha.shape
    deep_y, deep_x = max(1, height // _SHOWN_DEPTH), max(1, width // _SHOWN_DEPTH)
    top, bottom, left, right = map(_leaving, (alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]))
    rows = [Box(span[0], y, span[1], y + deep_y) for span, y in ((top, 0), (bottom, height - deep_y)) if span]
    columns = [Box(x, span[0], x + deep_x, span[1]) for span, x in ((left, 0), (right, width - deep_x)) if span]
    return (*rows, *columns)


def _leaving(line: Pixels) -> tuple[int, int] | None:
    """First and last pixel through which more than a touch of ink leaves the picture."""
    at = np.flatnonzero(line >= HALF)
    return (int(at[0]), int(at[-1]) + 1) if len(at) > _CROPPED_SHARE * len(line) else None
