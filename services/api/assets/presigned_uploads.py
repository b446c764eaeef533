"""Uploads that go straight to the storage: presigned, sent to the signed URL, completed.

    POST /api/uploads/presign ──> PUT (to the bucket, or to the api where objects lie in a folder) ──> POST .../complete

Completing reads the object back and checks it like any other picture. Until then it lies under the storage's incoming
prefix that no route serves; leftovers are collected after a day.
"""

import contextlib
from datetime import UTC, datetime, timedelta

from flask import Response, request

from services.api import lookup, quotas
from services.api.assets import ingest, url_signing
from services.api.assets.schemas import AssetOut, NewUpload, Presigned, SignatureQuery, UploadPath
from services.api.dependencies import Dependencies
from services.api.middleware import auth, request_body
from services.api.middleware.idempotency import Record, once
from services.api.middleware.upload_parser import Upload
from services.api.schemas import IdempotencyHeaders
from shared import errors, storage, timeouts
from shared.db import assets, ids, pending_uploads
from shared.db.pending_uploads import PendingUpload
from shared.images import MAX_BYTES
from shared.models.owner import Owner


def presign(deps: Dependencies, header: IdempotencyHeaders, body: NewUpload) -> Response:  # noqa: ARG001 - validates
    """Create direct upload.

    Returns the URL to PUT the file to, the headers to send and the time it expires; then complete the upload.
    """
    if body.bytes > MAX_BYTES:
        raise errors.BodyTooLarge
    owner, expires_at = auth.writer(), datetime.now(UTC) + timedelta(seconds=timeouts.PRESIGNED_S)
    content_type = body.content_type or "application/octet-stream"
    pending = PendingUpload(ids.new(), owner, content_type, body.bytes, body.sha256, expires_at)
    signed = deps.storage.sign_put(_key(pending), content_type, body.bytes, timeouts.PRESIGNED_S)
    response = Presigned(
        id=pending.id,
        upload_url=signed or deps.urls.upload(pending.id, url_signing.upload(deps.secret, pending.id)),
        headers={"Content-Type": content_type, "Content-Length": str(body.bytes)},
        expires_at=expires_at,
    ).response(201)
    with once(deps.database, owner, body.model_dump_json()) as record, deps.database.transaction() as connection:
        quotas.require(connection, owner, deps.settings.web, stored=body.bytes)
        pending_uploads.add(connection, pending)
        record(connection, response)
    return response


def receive(deps: Dependencies, path: UploadPath, query: SignatureQuery) -> None:
    """Send file of direct upload.

    Takes the bytes of the file. Used only where the storage has no URL of its own. The signature in `uploadUrl` grants
    access.
    """
    url_signing.check_upload(deps.secret, path.upload_id, query.signature)
    pending = _find(deps, None, path)
    if pending.expires_at < datetime.now(UTC):
        raise errors.Forbidden("This upload URL has expired.")
    if pending.asset_id:
        raise errors.Forbidden("This upload has been completed.")
    if request.content_length is None:
        raise errors.LengthRequired
    if (request.content_length, request.mimetype) != (pending.bytes, pending.content_type):
        raise errors.InvalidRequest("Content-Length and Content-Type differ from those announced.")
    request_body.allow(MAX_BYTES)
    deps.storage.put(_key(pending), request.stream.read(), pending.content_type, {})


def complete(deps: Dependencies, header: IdempotencyHeaders, path: UploadPath) -> Response:  # noqa: ARG001 - validates
    """Complete direct upload.

    Stores the picture that was sent, and checks it like any upload. Safe to repeat: 201 the first time, 200 with the
    same asset after.
    """
    owner = auth.caller()
    if owner is None:
        raise errors.NotFound
    with once(deps.database, owner) as record:
        return _complete(deps, owner, path, record)


def _complete(deps: Dependencies, owner: Owner, path: UploadPath, record: Record) -> Response:
    pending = _find(deps, owner, path)
    if pending.asset_id:
        return _already_completed(deps, pending, record)
    try:
        stored = ingest.store(deps, owner, _read(deps, pending), counted=pending.bytes)
    except errors.NotUploaded:
        return _already_completed(deps, _find(deps, owner, path), record)  # concurrently, or nothing was sent
    except errors.Failure as failure:
        if failure.status < errors.Failure.status:
            _remove(deps, pending)
        raise
    with deps.database.transaction() as connection:
        asset, created = assets.add(connection, stored)
        pending_uploads.complete(connection, pending.id, asset.id)
        response = AssetOut.of(asset, deps.urls).response(201 if created else 200)
        record(connection, response)
    _remove(deps, pending)
    return response


def _already_completed(deps: Dependencies, pending: PendingUpload, record: Record) -> Response:
    if pending.asset_id is None:
        raise errors.NotUploaded
    with deps.database.transaction() as connection:
        asset = assets.find(connection, pending.owner, pending.asset_id)
        if asset is None:
            raise errors.NotFound
        response = AssetOut.of(asset, deps.urls).response(200)
        record(connection, response)
    return response


def _read(deps: Dependencies, pending: PendingUpload) -> Upload:
    """What was uploaded, read only if its length is the one announced."""
    try:
        found = deps.storage.open(_key(pending))
        found.stream.close()
        if found.bytes != pending.bytes:
            raise errors.InvalidRequest("The uploaded file does not have the announced length.")
        received = Upload.of(deps.storage.get(_key(pending)))
    except storage.Missing:
        raise errors.NotUploaded from None
    if pending.sha256 and received.sha256 != pending.sha256:
        raise errors.DigestMismatch("The uploaded file does not have the announced SHA-256.")
    return received


def _remove(deps: Dependencies, pending: PendingUpload) -> None:
    with contextlib.suppress(errors.Unavailable):  # maintenance collects it later
        deps.storage.delete(_key(pending))


def _find(deps: Dependencies, owner: Owner | None, path: UploadPath) -> PendingUpload:
    return lookup.require(deps, pending_uploads.find, owner, path.upload_id)


def _key(pending: PendingUpload) -> str:
    return f"{storage.INCOMING}{pending.id}"
