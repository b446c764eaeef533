"""The answer to a request whose job has ended: the file in bytes or JSON, with the facts of it as headers."""

from base64 import b64encode
from collections.abc import Mapping
from typing import NoReturn

from flask import Response, jsonify, request

from services.api.dependencies import Dependencies
from services.api.removebg.allowances import QUARTERS
from services.api.removebg.queueing import Queued
from shared import errors, storage
from shared.db import assets
from shared.models.asset import Asset
from shared.models.cutout import CutoutResult, Foreground
from shared.models.job import Job, JobFailure, JobState
from shared.storage import integrity

_LATER_S = 60
_FAILURES: Mapping[str, type[errors.Failure]] = {
    JobFailure.UNKNOWN_FOREGROUND: errors.UnknownForeground,
    JobFailure.SOURCE_MISSING: errors.SourceMissing,
    JobFailure.POISON: errors.Poison,
}


def answer(deps: Dependencies, queued: Queued, job: Job) -> Response:
    """Raises the failure of the job, or Unavailable if its file is lost."""
    if job.status is JobState.CANCELLED:
        raise errors.SourceMissing("The picture was deleted, or its job cancelled.")
    if job.result is None:
        _refuse(job)
    result = CutoutResult.read(job.result)
    with deps.database.transaction() as connection:
        asset = assets.find(connection, job.owner, result.asset_id)
    if asset is None or result.composed is None:
        raise errors.SourceMissing
    try:
        response = _in_json(deps, asset, result.composed.foreground) if _wants_json() else _in_bytes(deps, asset)
    except storage.Missing as error:
        raise errors.Unavailable("The file is lost; send the picture again.") from error
    response.headers.extend({**queued.headers, **_facts(queued, result)})
    return response


def number(amount: float) -> float:
    """Without a fraction that is none."""
    return int(amount) if amount == int(amount) else amount


def _refuse(job: Job) -> NoReturn:
    error = job.error
    if error and error.code in _FAILURES:
        raise _FAILURES[error.code](error.message)
    raise errors.Unavailable(error.message if error else None, retry_after_s=_LATER_S)


def _wants_json() -> bool:
    """Whether Accept names JSON, and not everything besides it, as some libraries do for every request."""
    accepted = {kind: quality for kind, quality in request.accept_mimetypes if quality > 0}
    return "application/json" in accepted and "*/*" not in accepted


def _in_bytes(deps: Dependencies, asset: Asset) -> Response:
    found = integrity.open(deps.storage, asset.key, asset.stored_sha256)
    response = Response(integrity.pieces(found.stream, asset.key, asset.stored_sha256), content_type=asset.content_type)
    response.call_on_close(found.stream.close)
    response.content_length = found.bytes
    return response


def _in_json(deps: Dependencies, asset: Asset, box: Foreground) -> Response:
    data = integrity.get(deps.storage, asset.key, asset.stored_sha256)
    facts = {f"foreground_{name}": getattr(box, name) for name in ("top", "left", "width", "height")}
    return jsonify({"data": {"result_b64": b64encode(data).decode(), **facts}})


def _facts(queued: Queued, result: CutoutResult) -> dict[str, str]:
    composed = result.composed
    assert composed is not None  # `answer` has looked
    box, kind = composed.foreground, queued.asked.composition.type_name(composed.type)
    sides = {
        "X-Width": result.width,
        "X-Height": result.height,
        "X-Max-Width": composed.max_width,
        "X-Max-Height": composed.max_height,
        "X-Foreground-Top": box.top,
        "X-Foreground-Left": box.left,
        "X-Foreground-Width": box.width,
        "X-Foreground-Height": box.height,
        "X-Credits-Charged": number(queued.asked.quarters / QUARTERS),
    }
    return {name: str(value) for name, value in sides.items()} | ({"X-Type": kind} if kind else {})
