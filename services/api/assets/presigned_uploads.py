"""Uploads that go straight to the storage: announced, sent to a signed address, completed.

    POST /api/uploads/presign ──> PUT (the bucket, or ours where objects lie in a folder) ──> POST .../complete

Nothing that arrives is believed: completing reads it back and judges it like any other picture. Until then it lies
among the storage's incoming, where nobody can see it, and from where it is collected after a day.
"""

import contextlib
import hashlib
from datetime import UTC, datetime, timedelta
from functools import partial

from flask import Response, jsonify, request
from flask_openapi3 import APIBlueprint, Tag

from services.api import ingest, quotas, schemas, url_signing
from services.api.cutouts import schemas as sending
from services.api.dependencies import Dependencies
from services.api.middleware import auth, http_responses, request_body
from services.api.middleware.idempotency import Keep, once
from services.api.middleware.policy import Auth, Cache, Limit, policy
from services.api.middleware.request_body import MAX_BYTES
from shared import errors, storage, timeouts
from shared.db import assets, ids, pending_uploads
from shared.db.pending_uploads import PendingUpload
from shared.models.owner import Owner

_BYTES = {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}, "required": True}


def blueprint(deps: Dependencies) -> APIBlueprint:
    api = APIBlueprint("direct", __name__, url_prefix="/api/uploads", abp_tags=[Tag(name="pictures")])

    @api.post("/presign", summary="Announce a picture", responses=http_responses.told(sending.Presigned, 201))
    @policy(auth=Auth.GUEST_WRITE, limit=Limit.UPLOADS, cache=Cache.NO_STORE)
    def presign(body: sending.NewUpload) -> tuple[Response, int]:
        """Tells where to PUT the file, with which headers, and until when; then complete the upload."""
        if body.bytes > MAX_BYTES:
            raise errors.BodyTooLarge
        owner = auth.writer()
        quotas.admit(deps, owner, stored=body.bytes)
        return jsonify(_presigned(deps, owner, body).json_ready()), 201

    @api.put(
        "/<uuid:upload_id>",
        summary="Send an announced picture",
        responses=http_responses.told(None, 204),
        openapi_extensions={"requestBody": _BYTES},
    )
    @policy(auth=Auth.PUBLIC, limit=Limit.API, cache=Cache.NO_STORE)
    def put(path: sending.UploadPath, query: sending.SignatureQuery) -> tuple[str, int]:
        """Only where the storage has no address of its own. The signature of `uploadUrl` is the permission."""
        url_signing.check_upload(deps.secret, path.upload_id, query.signature)
        _receive(deps, _find(deps, None, path))
        return "", 204

    @api.post(
        "/<uuid:upload_id>/complete",
        summary="Keep what was sent",
        responses=http_responses.told(schemas.AssetOut, 200, 201),
    )
    @policy(auth=Auth.GUEST_WRITE, limit=Limit.API, cache=Cache.NO_STORE)
    def complete(header: sending.Repeatable, path: sending.UploadPath) -> Response:  # noqa: ARG001 - for its checks
        """Judged now, like any upload. Safe to repeat: 201 the first time, 200 with the same asset after."""
        owner = auth.caller()
        if owner is None:
            raise errors.NotFound
        return once(deps.database, owner, "", partial(_complete, deps, owner, path))

    return api


def _presigned(deps: Dependencies, owner: Owner, wish: sending.NewUpload) -> sending.Presigned:
    expires_at = datetime.now(UTC) + timedelta(seconds=timeouts.PRESIGNED_S)
    announced = PendingUpload(ids.new(), owner, wish.content_type, wish.bytes, wish.sha256, expires_at)
    signed = deps.storage.sign_put(_key(announced), wish.content_type, wish.bytes, timeouts.PRESIGNED_S)
    with deps.database.transaction() as connection:
        pending_uploads.add(connection, announced)
    return sending.Presigned(
        id=announced.id,
        upload_url=signed or deps.urls.upload(announced.id, url_signing.upload(deps.secret, announced.id)),
        headers={"Content-Type": wish.content_type, "Content-Length": str(wish.bytes)},
        expires_at=expires_at,
    )


def _receive(deps: Dependencies, announced: PendingUpload) -> None:
    """Take the body in, if it is what was announced."""
    if announced.expires_at < datetime.now(UTC):
        raise errors.Forbidden("This address has expired.")
    if request.content_length is None:
        raise errors.LengthRequired
    if (request.content_length, request.mimetype) != (announced.bytes, announced.content_type):
        raise errors.InvalidRequest("Content-Length and Content-Type are not those that were announced.")
    request_body.allow(MAX_BYTES)
    deps.storage.put(_key(announced), request.stream.read(), announced.content_type, {})


def _complete(deps: Dependencies, owner: Owner, path: sending.UploadPath, keep: Keep) -> Response:
    announced = _find(deps, owner, path)
    if announced.asset_id:
        return _completed(deps, announced, keep)
    try:
        data = _arrived(deps, announced)
        taken = ingest.take(deps, owner, data, "")
    except errors.NotUploaded:
        return _completed(deps, _find(deps, owner, path), keep)  # another request was faster, or there is nothing
    except errors.Failure as failure:
        if failure.status < errors.Failure.status:
            _remove(deps, announced)
        raise
    with deps.database.transaction() as connection:
        asset, fresh = assets.add(connection, taken)
        pending_uploads.complete(connection, announced.id, asset.id)
        answer = http_responses.asset(deps, asset, fresh)
        keep(connection, answer)
    _remove(deps, announced)
    return answer


def _completed(deps: Dependencies, announced: PendingUpload, keep: Keep) -> Response:
    if announced.asset_id is None:
        raise errors.NotUploaded
    with deps.database.transaction() as connection:
        asset = assets.find(connection, announced.owner, announced.asset_id)
        if asset is None:
            raise errors.NotFound
        answer = http_responses.asset(deps, asset, fresh=False)
        keep(connection, answer)
    return answer


def _arrived(deps: Dependencies, announced: PendingUpload) -> bytes:
    """What lies in the storage, read only if it is as long as announced."""
    try:
        found = deps.storage.open(_key(announced))
        found.stream.close()
        if found.bytes != announced.bytes:
            raise errors.InvalidRequest("What arrived is not as long as was announced.")
        data = deps.storage.get(_key(announced))
    except storage.Missing:
        raise errors.NotUploaded from None
    if announced.sha256 and hashlib.sha256(data).hexdigest() != announced.sha256:
        raise errors.DigestMismatch("What arrived is not the file whose SHA-256 was announced.")
    return data


def _remove(deps: Dependencies, announced: PendingUpload) -> None:
    with contextlib.suppress(errors.Unavailable):  # it is collected later
        deps.storage.delete(_key(announced))


def _find(deps: Dependencies, owner: Owner | None, path: sending.UploadPath) -> PendingUpload:
    with deps.database.transaction() as connection:
        announced = pending_uploads.find(connection, owner, path.upload_id)
    if announced is None:
        raise errors.NotFound
    return announced


def _key(announced: PendingUpload) -> str:
    return f"{storage.INCOMING}{announced.id}"
