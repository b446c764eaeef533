"""Cut-outs: store a picture and queue its cut-out in one request."""

from functools import partial

from flask import Response, request
from pydantic import ValidationError

from services.api.assets import views
from services.api.assets.schemas import UploadHeaders
from services.api.dependencies import Dependencies
from services.api.jobs import queueing
from services.api.jobs.schemas import CutoutOptions
from services.api.middleware import auth, request_body, upload_parser
from services.api.middleware.idempotency import Record, once
from services.api.middleware.upload_parser import Upload
from shared import web
from shared.db import assets, ids, jobs
from shared.models.owner import Owner


def create(deps: Dependencies, header: UploadHeaders, query: CutoutOptions) -> Response:  # noqa: ARG001 - validates
    """Cut a picture out.

    Stores the picture and queues its cut-out in one step. After a 202 the job will run, whatever else fails. Options
    are read from the query or, in a form, from fields of the same names.
    """
    received, owner = upload_parser.parse(), auth.writer()
    options = _with_form(query)
    content = f"{received.fingerprint} {options.model_dump_json()}"
    return once(deps.database, owner, content, partial(_create, deps, owner, received, options))


def _with_form(query: CutoutOptions) -> CutoutOptions:
    fields = {name: value for name, value in request.form.items() if name in CutoutOptions.model_fields}
    try:
        return CutoutOptions.model_validate({**query.model_dump(), **fields})
    except ValidationError as error:
        request_body.refuse(error)


def _create(deps: Dependencies, owner: Owner, received: Upload, options: CutoutOptions, record: Record) -> Response:
    stored = views.store(deps, owner, received, jobs=1)
    with deps.database.transaction() as connection:
        asset, _ = assets.add(connection, stored)
        job = jobs.create(
            connection, ids.new(), owner, asset.id, input=options.input().json(), request_id=web.request_id()
        )
        response = queueing.accepted(deps, job)
        record(connection, response)
    queueing.wake_worker(deps, job)
    return response
