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

from services.api import auth, bodies, intake, quotas, schemas, sending, signing
from services.api.bodies import MAX_BYTES
from services.api.idempotency import Keep, once
from services.api.parts import Parts
from services.api.policy import Auth, Cache, Limit, policy
from services.api.views import answers
from shared import deadlines, errors, storage
from shared.db import assets, ids, incoming
from shared.db.incoming import Incoming
from shared.models import Owner

_BYTES = {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}, "required": True}


def blueprint(parts: Parts) -> APIBlueprint:
    api = APIBlueprint("direct", __name__, url_prefix="/api/uploads", abp_tags=[Tag(name="pictures")])

    @api.post("/presign", summary="Announce a picture", responses=answers.told(sending.Presigned, 201))
    @policy(auth=Auth.GUEST_WRITE, limit=Limit.UPLOADS, cache=Cache.NO_STORE)
    def presign(body: sending.NewUpload) -> tuple[Response, int]:
        """Tells where to PUT the file, with which headers, and until when; then complete the upload."""
        if body.bytes > MAX_BYTES:
            raise errors.BodyTooLarge
        owner = auth.writer()
        quotas.admit(parts, owner, stored=body.bytes)
        return jsonify(_presigned(parts, owner, body).json_ready()), 201

    @api.put(
        "/<uuid:upload_id>",
        summary="Send an announced picture",
        responses=answers.told(None, 204),
        openapi_extensions={"requestBody": _BYTES},
    )
    @policy(auth=Auth.PUBLIC, limit=Limit.API, cache=Cache.NO_STORE)
    def put(path: sending.UploadPath, query: sending.SignatureQuery) -> tuple[str, int]:
        """Only where the storage has no address of its own. The signature of `uploadUrl` is the permission."""
        signing.check_upload(parts.secret, path.upload_id, query.signature)
        _receive(parts, _find(parts, None, path))
        return "", 204

    @api.post(
        "/<uuid:upload_id>/complete", summary="Keep what was sent", responses=answers.told(schemas.AssetOut, 200, 201)
    )
    @policy(auth=Auth.GUEST_WRITE, limit=Limit.API, cache=Cache.NO_STORE)
    def complete(header: sending.Repeatable, path: sending.UploadPath) -> Response:  # noqa: ARG001 - for its checks
        """Judged now, like any upload. Safe to repeat: 201 the first time, 200 with the same asset after."""
        owner = auth.caller()
        if owner is None:
            raise errors.NotFound
        return once(parts.database, owner, "", partial(_complete, parts, owner, path))

    return api


def _presigned(parts: Parts, owner: Owner, wish: sending.NewUpload) -> sending.Presigned:
    expires_at = datetime.now(UTC) + timedelta(seconds=deadlines.PRESIGNED_S)
    announced = Incoming(ids.new(), owner, wish.content_type, wish.bytes, wish.sha256, expires_at)
    signed = parts.storage.sign_put(_key(announced), wish.content_type, wish.bytes, deadlines.PRESIGNED_S)
    with parts.database.transaction() as connection:
        incoming.add(connection, announced)
    return sending.Presigned(
        id=announced.id,
        upload_url=signed or parts.links.upload(announced.id, signing.upload(parts.secret, announced.id)),
        headers={"Content-Type": wish.content_type, "Content-Length": str(wish.bytes)},
        expires_at=expires_at,
    )


def _receive(parts: Parts, announced: Incoming) -> None:
    """Take the body in, if it is what was announced."""
    if announced.expires_at < datetime.now(UTC):
        raise errors.Forbidden("This address has expired.")
    if request.content_length is None:
        raise errors.LengthRequired
    if (request.content_length, request.mimetype) != (announced.bytes, announced.content_type):
        raise errors.InvalidRequest("Content-Length and Content-Type are not those that were announced.")
    bodies.allow(MAX_BYTES)
    parts.storage.put(_key(announced), request.stream.read(), announced.content_type, {})


def _complete(parts: Parts, owner: Owner, path: sending.UploadPath, keep: Keep) -> Response:
    announced = _find(parts, owner, path)
    if announced.asset_id:
        return _completed(parts, announced, keep)
    try:
        data = _arrived(parts, announced)
        taken = intake.take(parts, owner, data, "")
    except errors.NotUploaded:
        return _completed(parts, _find(parts, owner, path), keep)  # another request was faster, or there is nothing
    except errors.Failure as failure:
        if failure.status < errors.Failure.status:
            _remove(parts, announced)
        raise
    with parts.database.transaction() as connection:
        asset, fresh = assets.add(connection, taken)
        incoming.complete(connection, announced.id, asset.id)
        answer = answers.asset(parts, asset, fresh)
        keep(connection, answer)
    _remove(parts, announced)
    return answer


def _completed(parts: Parts, announced: Incoming, keep: Keep) -> Response:
    if announced.asset_id is None:
        raise errors.NotUploaded
    with parts.database.transaction() as connection:
        asset = assets.find(connection, announced.owner, announced.asset_id)
        if asset is None:
            raise errors.NotFound
        answer = answers.asset(parts, asset, fresh=False)
        keep(connection, answer)
    return answer


def _arrived(parts: Parts, announced: Incoming) -> bytes:
    """What lies in the storage, read only if it is as long as announced."""
    try:
        found = parts.storage.open(_key(announced))
        found.stream.close()
        if found.bytes != announced.bytes:
            raise errors.InvalidRequest("What arrived is not as long as was announced.")
        data = parts.storage.get(_key(announced))
    except storage.Missing:
        raise errors.NotUploaded from None
    if announced.sha256 and hashlib.sha256(data).hexdigest() != announced.sha256:
        raise errors.DigestMismatch("What arrived is not the file whose SHA-256 was announced.")
    return data


def _remove(parts: Parts, announced: Incoming) -> None:
    with contextlib.suppress(errors.Unavailable):  # it is collected later
        parts.storage.delete(_key(announced))


def _find(parts: Parts, owner: Owner | None, path: sending.UploadPath) -> Incoming:
    with parts.database.transaction() as connection:
        announced = incoming.find(connection, owner, path.upload_id)
    if announced is None:
        raise errors.NotFound
    return announced


def _key(announced: Incoming) -> str:
    return f"{storage.INCOMING}{announced.id}"
