"""Cut-outs: store a picture and queue its cut-out in one request."""

from functools import partial

from flask import Response

from services.api import quotas
from services.api.assets import views
from services.api.assets.schemas import UploadHeaders
from services.api.dependencies import Dependencies
from services.api.jobs import queueing
from services.api.middleware import auth, upload_parser
from services.api.middleware.idempotency import Record, once
from services.api.middleware.upload_parser import Upload
from shared import web
from shared.db import assets, ids, jobs
from shared.models.owner import Owner


def create(deps: Dependencies, header: UploadHeaders) -> Response:  # noqa: ARG001 - validates the headers
    """Cut a picture out.

    Stores the picture and queues its cut-out in one step. After a 202 the job will run, whatever else fails.
    """
    received, owner = upload_parser.parse(), auth.writer()
    return once(deps.database, owner, received.fingerprint, partial(_create, deps, owner, received))


def _create(deps: Dependencies, owner: Owner, received: Upload, record: Record) -> Response:
    quota = quotas.of(deps, owner)
    quota.require(jobs=1)
    stored = views.store(deps, owner, quota, received)
    with deps.database.transaction() as connection:
        asset, _ = assets.add(connection, stored)
        job = jobs.create(connection, ids.new(), owner, asset.id, request_id=web.request_id())
        response = queueing.accepted(deps, job)
        record(connection, response)
    queueing.wake_worker(deps, job)
    return response
