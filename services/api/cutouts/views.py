"""Cut-outs: store a picture and queue its cut-out in one request."""

from flask import Response

from services.api.assets import ingest
from services.api.assets.schemas import UploadHeaders
from services.api.cutouts import backgrounds
from services.api.cutouts.schemas import CutoutOptions, JobOptions
from services.api.dependencies import Dependencies
from services.api.jobs.schemas import Accepted
from services.api.middleware import auth, upload_parser
from services.api.middleware.idempotency import once
from shared import web
from shared.db import assets, ids, jobs


def create(deps: Dependencies, header: UploadHeaders, query: CutoutOptions) -> Response:  # noqa: ARG001 - validates
    """Create cut-out.

    Stores the picture and queues its cut-out in one step. After a 202 the job will run, whatever else fails. Options
    are read from the query or, before it, from fields of the same names in a form or JSON.
    """
    received, given = upload_parser.parse(JobOptions)
    options = query.model_copy(update={name: getattr(given, name) for name in given.model_fields_set})
    owner = auth.writer()
    content = f"{received.sha256 or received.url} {options.model_dump_json()}"
    with once(deps.database, owner, content) as record:
        if options.bg_asset:
            with deps.database.transaction() as connection:
                backgrounds.require(connection, owner, options.bg_asset)
        stored = ingest.store(deps, owner, received, jobs=1)
        with deps.database.transaction() as connection:
            asset, _ = assets.add(connection, stored)
            job = jobs.create(
                connection, ids.new(), owner, asset.id, input=options.input(), request_id=web.request_id()
            )
            response = Accepted.answer(job, deps.urls)
            record(connection, response)
    deps.waker.wake(job.id, job.queue)
    return response
