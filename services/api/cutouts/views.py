"""POST /api/uploads: keep a picture. POST /api/cutouts: keep it and promise its cut-out."""

from functools import partial

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from services.api import ingest, quotas, schemas
from services.api.cutouts import schemas as sending
from services.api.dependencies import Dependencies
from services.api.middleware import auth, http_responses, upload_parser
from services.api.middleware.idempotency import Keep, once
from services.api.middleware.policy import Auth, Cache, Limit, policy
from shared import errors, metrics, web
from shared.db import assets, ids, jobs
from shared.models.asset import Asset
from shared.models.owner import Owner

_TOLD = {"requestBody": upload_parser.REQUEST_BODY}


def blueprint(deps: Dependencies) -> APIBlueprint:
    api = APIBlueprint("uploads", __name__, url_prefix="/api", abp_tags=[Tag(name="pictures")])

    @api.post(
        "/uploads",
        summary="Keep a picture",
        responses=http_responses.told(schemas.AssetOut, 200, 201),
        openapi_extensions=_TOLD,
    )
    @policy(auth=Auth.GUEST_WRITE, limit=Limit.UPLOADS, cache=Cache.NO_STORE)
    def upload(header: sending.Sending) -> Response:  # noqa: ARG001 - for its checks
        """The same bytes by the same caller are one asset: 201 the first time, 200 after."""
        sent, owner = upload_parser.received(), auth.writer()
        return once(deps.database, owner, sent.fingerprint, partial(_upload, deps, owner, sent))

    @api.post(
        "/cutouts",
        summary="Cut a picture out",
        responses=http_responses.told(schemas.Accepted, 202),
        openapi_extensions=_TOLD,
    )
    @policy(auth=Auth.GUEST_WRITE, limit=Limit.UPLOADS, cache=Cache.NO_STORE)
    def cut_out(header: sending.Sending) -> Response:  # noqa: ARG001 - for its checks
        """Keeps the picture and queues its cut-out in one step. What answers 202 is done, whatever else fails."""
        sent, owner = upload_parser.received(), auth.writer()
        return once(deps.database, owner, sent.fingerprint, partial(_cut_out, deps, owner, sent))

    return api


def _upload(deps: Dependencies, owner: Owner, sent: upload_parser.Sent, keep: Keep) -> Response:
    taken = _taken(deps, owner, sent)
    with deps.database.transaction() as connection:
        answer = http_responses.asset(deps, *assets.add(connection, taken))
        keep(connection, answer)
    return answer


def _cut_out(deps: Dependencies, owner: Owner, sent: upload_parser.Sent, keep: Keep) -> Response:
    quotas.admit(deps, owner, jobs=1)
    taken = _taken(deps, owner, sent)
    with deps.database.transaction() as connection:
        asset, _ = assets.add(connection, taken)
        job = jobs.create(connection, ids.new(), owner, asset.id, request_id=web.request_id())
        answer = http_responses.accepted(deps, job)
        keep(connection, answer)
    return http_responses.announced(deps, job, answer)


def _taken(deps: Dependencies, owner: Owner, sent: upload_parser.Sent) -> Asset:
    data = _fetched(deps, sent.url) if sent.data is None else sent.data
    return ingest.take(deps, owner, data, sent.name)


def _fetched(deps: Dependencies, url: str) -> bytes:
    try:
        if deps.fetcher is None:
            raise errors.UrlNotAllowed("Pictures are not fetched from addresses here.")
        return deps.fetcher.fetch(url)
    except errors.Failure as failure:
        metrics.UPLOADS.labels(failure.code).inc()
        raise
