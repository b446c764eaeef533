"""What is made of a picture for print, when it is asked for."""

from functools import partial

from flask import Response

from services.api.assets.schemas import AssetPath
from services.api.dependencies import Dependencies
from services.api.print import derived
from services.api.print.schemas import PrintCheckOut, PrintCheckQuery
from shared.models.job import JobType


def check(deps: Dependencies, path: AssetPath, query: PrintCheckQuery) -> Response:
    """Check print.

    What would go wrong if the picture were printed like this. A new check takes about a second: until it is done, the
    response is 202 and `Location` the job. Of a cut-out in another form, its transparent PNG is checked.
    """
    present = partial(PrintCheckOut.of, urls=deps.urls)
    return derived.answer(deps, path.asset_id, JobType.PRINT_CHECK, query.input(), present)
