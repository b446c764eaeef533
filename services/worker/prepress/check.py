"""The print check: measure a cut-out as it would be printed, and say in plain words what would go wrong.

Counts and resolution come from the whole picture, shapes and colours from a working copy of about 1,200 pixels, thin
lines from the grid that can tell their width. Run it on the file that will be printed: a soft file's ghosts count as
ink and make the resolution look higher than it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from services.worker.prepress import figures
from services.worker.prepress.arrays import Pixels, require_pictures
from services.worker.prepress.figures import Where
from services.worker.prepress.findings import score
from services.worker.prepress.placement import ink_box
from services.worker.prepress.rules import Print
from shared.models.print_check import Box, Code, Figures, Finding, Level

_CRISP_PX = 2.0  # an antialiased edge is not soft, however large the print
_MM2 = "mm²"

_ENLARGING = {  # by whether it was enlarged already
    False: ": at this size it looks blurred. An enlargement makes logos sharp, and photographs only smooth.",
    True: ": it was enlarged, which gave it pixels but no detail.",
}

_Raised = tuple[Code, Level, float, float, str]


@dataclass(frozen=True, slots=True)
class Report:
    """`ok` unless something fails; `figures` is None for a picture without ink."""

    ok: bool
    score: int
    findings: tuple[Finding, ...]
    figures: Figures | None


def check(rgba: Pixels, job: Print, source: Pixels | None = None, enlarged: float = 1) -> Report:
    """`rgba` is (h, w, 4); `source` the photograph it was cut from, (h, w, 3), which makes `contamination` exact.

    `enlarged`: the picture's pixels per pixel of detail, a side; the resolution is that of the detail.
    """
    require_pictures(rgba, source)
    alpha = np.ascontiguousarray(rgba[..., 3])
    box = ink_box(alpha)
    if box is None:
        return _report([_empty(alpha)], None)
    measured, where = figures.measure(rgba, alpha, box, job, source)
    measured = replace(measured, dpi=measured.dpi / enlarged)
    return _report(list(_findings(measured, job, where, exact=source is not None, enlarged=enlarged)), measured)


def _report(findings: list[Finding], measured: Figures | None) -> Report:
    ok = all(finding.level is not Level.FAIL for finding in findings)
    return Report(ok, score(findings) if measured else 0, tuple(findings), measured)


def _empty(alpha: Pixels) -> Finding:
    whole = Box(0, 0, alpha.shape[1], alpha.shape[0])
    return Finding(Code.EMPTY, Level.FAIL, 0, 1, "Nothing would be printed: choose a picture with a subject.", (whole,))


def _findings(measured: Figures, job: Print, where: Where, *, exact: bool, enlarged: float) -> Iterator[Finding]:
    raised = (*_placement(measured, job, enlarged), *_outline(measured, job), *_shapes(measured, job))
    for code, level, value, limit, fix in (*raised, *_colours(measured, job, exact=exact)):
        yield Finding(code, level, round(float(value), 4), limit, fix, where[code]())


def _placement(measured: Figures, job: Print, enlarged: float) -> Iterator[_Raised]:
    rules, dpi = job.rules, measured.dpi
    if dpi < rules.dpi_warn:
        widest = int(job.width_mm * dpi / rules.dpi_warn)
        fix = f"Print it at most {widest} mm wide, or send a larger picture{_ENLARGING[enlarged > 1]}"
        fails = dpi < rules.dpi_fail
        yield Code.DPI, Level.FAIL if fails else Level.WARN, dpi, rules.dpi_fail if fails else rules.dpi_warn, fix
    if measured.over_mm > 0.01:
        fix = "Move the design or print it smaller: part of it lies outside the area that can be printed."
        yield Code.BOUNDS, Level.FAIL, measured.over_mm, 0, fix
    if measured.touches_border:
        fix = "Send a picture that shows the whole subject: it is cut off at the border, and so will the print be."
        yield Code.CROPPED, Level.WARN, 1, 0, fix


def _outline(measured: Figures, job: Print) -> Iterator[_Raised]:
    rules, inner = job.rules, measured.semi_inner
    if measured.rim_mm > rules.rim_mm and measured.rim_px > _CRISP_PX:
        fix = "Use print edges, which harden the outline: a soft one prints as a pale, speckled fringe."
        yield Code.SOFT_RIM, Level.WARN, measured.rim_mm, rules.rim_mm, fix
    if inner > rules.semi_warn:
        fix = "Use print edges, or make the fade a halftone: half-transparent ink prints as speckles."
        fails = inner > rules.semi_fail
        yield Code.SEMI, Level.FAIL if fails else Level.WARN, inner, rules.semi_fail if fails else rules.semi_warn, fix


def _shapes(measured: Figures, job: Print) -> Iterator[_Raised]:
    rules = job.rules
    if measured.islands:
        fix = f"Use print edges, which remove lone specks smaller than {rules.island_mm2:g} {_MM2}."
        yield Code.ISLANDS, Level.WARN, measured.islands, 0, fix
    if measured.pinholes:
        fix = f"Use print edges, which close lone holes smaller than {rules.island_mm2:g} {_MM2}."
        yield Code.PINHOLES, Level.WARN, measured.pinholes, 0, fix
    if measured.thin_share > rules.thin_warn:
        fix = f"Print it larger or make the lines thicker: lines under {rules.line_mm:g} mm break up or vanish."
        yield Code.THIN, Level.WARN, measured.thin_share, rules.thin_warn, fix


def _colours(measured: Figures, job: Print, *, exact: bool) -> Iterator[_Raised]:
    rules = job.rules
    if measured.contamination > rules.contamination_warn:
        fix = "Use print edges, which free the outline of the old background's colour."
        yield Code.CONTAMINATION, Level.WARN, measured.contamination, rules.contamination_warn, fix
    elif not exact and measured.halo > rules.halo_warn:
        fix = "Use print edges: the outline has another colour than the subject, probably the old background's."
        yield Code.HALO, Level.WARN, measured.halo, rules.halo_warn, fix
    if measured.out_of_gamut > rules.gamut_warn:
        fix = "Expect some bright colours to print duller than on the screen, or choose calmer ones."
        yield Code.GAMUT, Level.WARN, measured.out_of_gamut, rules.gamut_warn, fix
    if measured.vanish > rules.vanish_warn:
        fix = "Choose another garment colour or add an outline: the edge of the design disappears on this one."
        yield Code.VANISH, Level.WARN, measured.vanish, rules.vanish_warn, fix
    if measured.dark_garment and rules.choke_mm > 0 and measured.black_share > rules.black_warn:
        fix = "Leave the black areas out and let the garment show through: black on a white base looks grey and stiff."
        yield Code.BLACK_ON_UNDERBASE, Level.WARN, measured.black_share, rules.black_warn, fix
