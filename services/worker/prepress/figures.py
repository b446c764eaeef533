"""Every number of the print check, and the places on the picture where each would be shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from services.worker.prepress import fringe, inks, morphology, rim, specks, strokes, trust, working_copy
from services.worker.prepress.arrays import Mask, Pixels, sampled
from services.worker.prepress.findings import boxes
from services.worker.prepress.placement import Placement, cropped, place
from services.worker.prepress.rim import HALF
from services.worker.prepress.rules import Print
from services.worker.prepress.working_copy import INK, SOLID, WorkingCopy
from shared.models.print_check import Box, Code, Figures

_DEPTHS = (16, 40)  # steps of the working copy: what `fringe` needs, and a bound
_OUTLINE_MM = 0.5
_MARKS = 20_000  # more make boxes no better

Where = Mapping[Code, Callable[[], tuple[Box, ...]]]


@dataclass(frozen=True, slots=True)
class _Shapes:
    """The working copy's ink: `mm` is its pixels in one."""

    mm: float
    printed: Mask
    inside: Pixels
    outside: Pixels

    @classmethod
    def of(cls, copy: WorkingCopy, placed: Placement, job: Print) -> "_Shapes":
        mm = 1 / (placed.mm_per_px * copy.factor)
        printed = copy.alpha >= HALF
        needed = int(max(job.rules.rim_mm, _OUTLINE_MM) * mm) + 2
        steps = min(max(needed, _DEPTHS[0]), _DEPTHS[1])
        return cls(mm, printed, morphology.depth(printed, steps), morphology.depth(~printed, steps))

    def outline(self) -> Mask:
        return self.printed & (self.inside <= max(2, _OUTLINE_MM * self.mm))

    def lost(self, choke_mm: float) -> float:
        """The share of the ink that a choked underbase does not reach; 0 where the choke is under a pixel."""
        diameter = round(2 * choke_mm * self.mm)
        if diameter < 2:
            return 0.0
        return 1 - float(morphology.without_thin(self.printed, diameter).sum() / max(1, self.printed.sum()))

    def inner_semi(self, copy: WorkingCopy, rim_mm: float) -> Mask:
        semi = (copy.alpha >= INK) & (copy.alpha < SOLID)
        within = min(max(1.5, rim_mm * self.mm), _DEPTHS[1] - 1)
        return semi & (np.maximum(self.inside, self.outside) > within)


def measure(rgba: Pixels, alpha: Pixels, box: Box, job: Print, source: Pixels | None) -> tuple[Figures, Where]:
    """`alpha` is that of `rgba`, `box` that of its ink."""
    rules, placed = job.rules, place(box, job)
    around = box.grown(int(3 * rules.gap_mm / placed.mm_per_px) + 1, alpha.shape)
    crop = np.ascontiguousarray(alpha[around.top : around.bottom, around.left : around.right])
    histogram = Image.fromarray(crop).histogram()
    soft = rim.measure(crop)
    copy = working_copy.make(rgba, box, source)
    shapes = _Shapes.of(copy, placed, job)
    semi = shapes.inner_semi(copy, rules.rim_mm)
    least = rules.island_mm2 * shapes.mm**2
    dirt = specks.islands(copy.alpha >= INK, least)
    holes = specks.pinholes(~shapes.printed, least)
    lines = strokes.thin(crop, rules.line_mm / placed.mm_per_px)
    gaps = strokes.thin(crop, rules.gap_mm / placed.mm_per_px, gaps=True)
    spill = fringe.measure(copy, shapes.inside, shapes.outside, soft.width / copy.factor)
    inked = inks.measure(copy, shapes.printed, shapes.outline(), job)
    ink = sum(histogram[INK:])
    figures = Figures(
        width_mm=placed.width_mm,
        height_mm=placed.height_mm,
        dpi=placed.dpi,
        over_mm=placed.over_mm,
        touches_border=bool(leaving := cropped(alpha)),
        uncertain=trust.uncertain(histogram),
        semi_share=sum(histogram[INK:SOLID]) / ink,
        semi_inner=float(semi.sum() / max(1, (copy.alpha >= INK).sum())),
        rim_px=soft.width,
        rim_mm=soft.width * placed.mm_per_px,
        islands=dirt.count,
        island_share=dirt.share,
        pinholes=holes.count,
        thin_share=lines.share,
        thin_parts=lines.parts,
        narrow_gaps=gaps.parts,
        contamination=spill.contamination,
        halo=spill.halo,
        out_of_gamut=inked.unreachable.share,
        dark_garment=inked.dark_garment,
        black_share=inked.black.share,
        vanish=inked.vanishing.share,
        underbase_lost=shapes.lost(rules.choke_mm) if inked.dark_garment else 0.0,
    )
    rows, columns = soft.points
    blurred = soft.widths * placed.mm_per_px > rules.rim_mm
    return figures, {
        Code.DPI: lambda: (box,),
        Code.BOUNDS: lambda: (box,),
        Code.CROPPED: lambda: leaving,
        Code.SOFT_RIM: lambda: _moved(boxes((rows[blurred], columns[blurred])), around),
        Code.SEMI: lambda: copy.where(sampled(semi, _MARKS)),
        Code.ISLANDS: lambda: copy.where(sampled(dirt.marks, _MARKS)),
        Code.PINHOLES: lambda: copy.where(sampled(holes.marks, _MARKS)),
        Code.THIN: lambda: _moved(boxes(lines.points, lines.factor), around),
        Code.CONTAMINATION: lambda: copy.where(sampled(shapes.outline(), _MARKS)),
        Code.HALO: lambda: copy.where(sampled(shapes.outline(), _MARKS)),
        Code.GAMUT: lambda: copy.where(inked.unreachable.points),
        Code.BLACK_ON_UNDERBASE: lambda: copy.where(inked.black.points),
        Code.VANISH: lambda: copy.where(inked.vanishing.points),
    }


def _moved(found: tuple[Box, ...], into: Box) -> tuple[Box, ...]:
    """Boxes of the part of the picture that `into` is, in the picture."""
    left, top = into.left, into.top
    return tuple(
        Box(box.left + left, box.top + top, min(box.right + left, into.right), min(box.bottom + top, into.bottom))
        for box in found
    )
