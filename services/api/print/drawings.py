"""Lines made of a picture when they are asked for: cut lines, and logos as drawings."""

from functools import partial

from flask import Response

from services.api.assets.schemas import AssetPath
from services.api.dependencies import Dependencies
from services.api.print import derived
from services.api.print.drawing_schemas import CutlineOut, CutlineQuery, VectorOut, VectorQuery
from shared.models.job import JobType


def cutline(deps: Dependencies, path: AssetPath, query: CutlineQuery) -> Response:
    """Draw cut line.

    Draws a cut path round the ink, for stickers: an SVG in millimetres with a magenta hairline on a named layer, and
    a PDF with a spot colour of that name, which overprints. No corner is tighter than `smoothMm`, nor nearer to the ink
    than `offsetMm`; parts that lie close together are cut out as one. Until it is drawn, the response is 202 and
    `Location` the job.
    """
    present = partial(CutlineOut.of, urls=deps.urls, form=query.format)
    given = query.input(deps.settings.printing.spot_cut)
    return derived.answer(deps, path.asset_id, JobType.CUTLINE, given, present)


def vector(deps: Dependencies, path: AssetPath, query: VectorQuery) -> Response:
    """Trace logo.

    Traces a logo in a few flat colours into an SVG of curves, sharp at any size, with its inks; and as a PDF in which
    each ink is a spot colour and lies on no other, for the films of a screen print, without traps. It cannot restore
    letters that are too small to read, nor lines thinner than two pixels. Photographs, fades and shadows are refused
    with `not_flat_artwork`. Until it is traced, the response is 202 and `Location` the job.
    """
    present = partial(VectorOut.of, urls=deps.urls, form=query.format)
    return derived.answer(deps, path.asset_id, JobType.VECTOR, query.input(), present)
