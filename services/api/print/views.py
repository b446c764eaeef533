"""What is made of a picture for print, when it is asked for."""

from functools import partial

from flask import Response

from services.api.assets.schemas import AssetPath
from services.api.dependencies import Dependencies
from services.api.print import derived
from services.api.print.enlargement_schemas import EnlargementOut, EnlargementQuery
from services.api.print.file_schemas import PrintFileOut, PrintFileQuery
from services.api.print.schemas import PrintCheckOut, PrintCheckQuery, PrintEdgesOut, PrintEdgesQuery
from shared.models.job import JobType


def check(deps: Dependencies, path: AssetPath, query: PrintCheckQuery) -> Response:
    """Check print.

    Says what would go wrong if the picture were printed like this. A new check takes about a second: until it is done,
    the response is 202 and `Location` the job. Of a cut-out in another form, its transparent PNG is checked.
    """
    present = partial(PrintCheckOut.of, urls=deps.urls)
    return derived.answer(deps, path.asset_id, JobType.PRINT_CHECK, query.input(), present)


def edges(deps: Dependencies, path: AssetPath, query: PrintEdgesQuery) -> Response:
    """Harden edges for print.

    Makes a second file of a transparent picture, with a hard outline. Until it is made, the response is 202 and
    `Location` the job. It can be printed, checked and deleted like any picture, and is deleted with the picture it was
    made of.
    """
    return derived.answer(
        deps, path.asset_id, JobType.PRINT_EDGES, query.input(), partial(PrintEdgesOut.of, urls=deps.urls)
    )


def enlargement(deps: Dependencies, path: AssetPath, query: EnlargementQuery) -> Response:
    """Enlarge picture.

    Makes a second file with the pixels that a print of this width needs: a logo with sharp outlines, a photograph
    smooth, with a detail of it before and after. Nothing is enlarged unasked, and the print check counts only the
    detail that a photograph had. A picture that has enough pixels is refused with `large_enough`. Until it is made, the
    response is 202 and `Location` the job.
    """
    present = partial(EnlargementOut.of, urls=deps.urls)
    return derived.answer(deps, path.asset_id, JobType.ENLARGEMENT, query.input(), present)


def file(deps: Dependencies, path: AssetPath, query: PrintFileQuery) -> Response:
    """Make print file.

    Makes of the picture a file of exactly this size: PNG or TIFF with its resolution, or PDF; in sRGB, or in CMYK
    through the printer's profile; with a plate of white ink, drawn in by the choke. At most 50 megapixels. Until it is
    made, the response is 202 and `Location` the job.
    """
    printing = deps.settings.printing
    present = partial(PrintFileOut.of, urls=deps.urls)
    given = query.input(printing.spot_white, deps.profiles)
    return derived.answer(deps, path.asset_id, JobType.PRINT_FILE, given, present)
