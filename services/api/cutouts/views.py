"""Cut-outs: store a picture and queue its cut-out in one request."""

from flask import Response, request
from pydantic import ValidationError

from services.api.assets import ingest
from services.api.assets.schemas import UploadHeaders
from services.api.dependencies import Dependencies
from services.api.jobs.schemas import Accepted, CutoutOptions
from services.api.middleware import auth, request_body, upload_parser
from services.api.middleware.idempotency import once
from shared import web
from shared.db import assets, ids, jobs


def create(deps: Dependencies, header: UploadHeaders, query: CutoutOptions) -> Response:  # noqa: ARG001 - validates
    """Create cutout.

    Stores the picture and queues its cut-out in one step. After a 202 the job will run, whatever else fails. Options
    are read from the query or, in a form, from fields of the same names.
    """
    received, owner = upload_parser.parse(), auth.writer()
    options = _with_form(query)
    content = f"{received.sha256 or received.url} {options.model_dump_json()}"
    with once(deps.database, owner, content) as record:
        stored = ingest.store(deps, owner, received, jobs=1)
        with deps.database.transaction() as connection:
            asset, _ = assets.add(connection, stored)
            job = jobs.create(
                connection, ids.new(), owner, asset.id, input=options.input(), request_id=web.request_id()
            )
            response = Accepted.answer(job, deps.urls)
            record(connection, response)
    deps.waker.wake(job.id)
    return response


def _with_form(query: CutoutOptions) -> CutoutOptions:
    fields = {name: value for name, value in request.form.items() if name in CutoutOptions.model_fields}
    try:
        return CutoutOptions.model_validate({**query.model_dump(), **fields})
    except ValidationError as error:
        request_body.refuse(error)
