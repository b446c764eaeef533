"""POST /api/uploads: keep a picture. POST /api/cutouts: keep it and promise its cut-out."""

from functools import partial

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from services.api import auth, forms, intake, quotas, schemas, sending
from services.api.idempotency import Keep, once
from services.api.parts import Parts
from services.api.policy import Auth, Cache, Limit, policy
from services.api.views import answers
from shared import errors, metrics, web
from shared.db import assets, ids, jobs
from shared.models import Asset, Owner

_TOLD = {"requestBody": forms.REQUEST_BODY}


def blueprint(parts: Parts) -> APIBlueprint:
    api = APIBlueprint("uploads", __name__, url_prefix="/api", abp_tags=[Tag(name="pictures")])

    @api.post(
        "/uploads",
        summary="Keep a picture",
        responses=answers.told(schemas.AssetOut, 200, 201),
        openapi_extensions=_TOLD,
    )
    @policy(auth=Auth.GUEST_WRITE, limit=Limit.UPLOADS, cache=Cache.NO_STORE)
    def upload(header: sending.Sending) -> Response:  # noqa: ARG001 - for its checks
        """The same bytes by the same caller are one asset: 201 the first time, 200 after."""
        sent, owner = forms.received(), auth.writer()
        return once(parts.database, owner, sent.fingerprint, partial(_upload, parts, owner, sent))

    @api.post(
        "/cutouts",
        summary="Cut a picture out",
        responses=answers.told(schemas.Accepted, 202),
        openapi_extensions=_TOLD,
    )
    @policy(auth=Auth.GUEST_WRITE, limit=Limit.UPLOADS, cache=Cache.NO_STORE)
    def cut_out(header: sending.Sending) -> Response:  # noqa: ARG001 - for its checks
        """Keeps the picture and queues its cut-out in one step. What answers 202 is done, whatever else fails."""
        sent, owner = forms.received(), auth.writer()
        return once(parts.database, owner, sent.fingerprint, partial(_cut_out, parts, owner, sent))

    return api


def _upload(parts: Parts, owner: Owner, sent: forms.Sent, keep: Keep) -> Response:
    taken = _taken(parts, owner, sent)
    with parts.database.transaction() as connection:
        answer = answers.asset(parts, *assets.add(connection, taken))
        keep(connection, answer)
    return answer


def _cut_out(parts: Parts, owner: Owner, sent: forms.Sent, keep: Keep) -> Response:
    quotas.admit(parts, owner, jobs=1)
    taken = _taken(parts, owner, sent)
    with parts.database.transaction() as connection:
        asset, _ = assets.add(connection, taken)
        job = jobs.create(connection, ids.new(), owner, asset.id, request_id=web.request_id())
        answer = answers.accepted(parts, job)
        keep(connection, answer)
    return answers.announced(parts, job, answer)


def _taken(parts: Parts, owner: Owner, sent: forms.Sent) -> Asset:
    data = _fetched(parts, sent.url) if sent.data is None else sent.data
    return intake.take(parts, owner, data, sent.name)


def _fetched(parts: Parts, url: str) -> bytes:
    try:
        if parts.fetcher is None:
            raise errors.UrlNotAllowed("Pictures are not fetched from addresses here.")
        return parts.fetcher.fetch(url)
    except errors.Failure as failure:
        metrics.UPLOADS.labels(failure.code).inc()
        raise
