"""What inks and cloth do to the colours: out of reach, lost against the garment, black on a white underbase."""

from dataclasses import dataclass

import numpy as np

from services.worker.prepress import gamut, lab
from services.worker.prepress.arrays import Mask, Points, sampled
from services.worker.prepress.rules import Print
from services.worker.prepress.working_copy import WorkingCopy

_DARK_GARMENT, _BLACK_INK = 60.0, 12.0  # L*
_SAMPLES = 60_000


@dataclass(frozen=True, slots=True)
class Marked:
    """The points of a sample where something is so, and their share of it."""

    share: float
    points: Points

    @classmethod
    def of(cls, sample: Points, marks: Mask) -> "Marked":
        return cls(float(marks.sum() / max(1, len(marks))), (sample[0][marks], sample[1][marks]))


@dataclass(frozen=True, slots=True)
class Inks:
    """Shares of the ink, but of the outline where it vanishes."""

    dark_garment: bool
    unreachable: Marked
    black: Marked
    vanishing: Marked


def measure(copy: WorkingCopy, printed: Mask, outline: Mask, job: Print) -> Inks:
    garment = lab.from_srgb(np.array(job.garment, np.uint8))
    ink, rim = sampled(printed, _SAMPLES), sampled(outline, _SAMPLES)
    unreachable = gamut.unreachable(copy.rgb[ink], job.rules.gamut_difference)
    black = lab.from_srgb(copy.rgb[ink])[:, 0] < _BLACK_INK
    same = lab.difference(lab.from_srgb(copy.rgb[rim]), garment) < job.rules.vanish_difference
    dark = bool(garment[0] < _DARK_GARMENT)
    return Inks(dark, Marked.of(ink, unreachable), Marked.of(ink, black), Marked.of(rim, same))
