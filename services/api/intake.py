"""Taking a picture in: judged, verified, freed of metadata, stored; then it is an asset waiting for its row.

Bytes first, row after: a crash in between leaves an object nobody knows, never a row without its object.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import PurePath

from werkzeug.datastructures import FileStorage

from services.api.parts import Parts
from shared import errors, failpoints, images, metrics, storage
from shared.db import ids
from shared.models import Asset, AssetKind, Owner

MAX_BYTES = 20 * 1024 * 1024
ENVELOPE_BYTES = 64 * 1024  # what a form may add around the file
_NAME_CHARS = 120  # longer names help nobody find their picture


def received_file(sent: object) -> tuple[bytes, str]:
    """The bytes and the name of the form's file. Raises MissingFile or BodyTooLarge."""
    if not isinstance(sent, FileStorage):  # a text field of that name gets this far
        raise errors.MissingFile("The field `file` must be a file." if sent else None)
    data = sent.stream.read(MAX_BYTES + 1)
    if not data and not sent.filename:  # what a browser sends when nothing was chosen
        raise errors.MissingFile
    if len(data) > MAX_BYTES:
        raise errors.BodyTooLarge
    return data, _plain_name(sent.filename or "")


def take(parts: Parts, owner: Owner, data: bytes, name: str) -> Asset:
    """Judge and store a picture; its asset has no row yet. Raises errors.Failure for whatever is wrong with it."""
    try:
        asset = _take(parts, owner, data, name)
    except errors.Failure as failure:
        metrics.UPLOADS.labels(failure.code).inc()
        raise
    metrics.UPLOADS.labels("ok").inc()
    metrics.UPLOAD_BYTES.inc(len(data))
    return asset


def _take(parts: Parts, owner: Owner, data: bytes, name: str) -> Asset:
    judged = images.judge(data)
    kept = images.strip(data, judged)
    parts.decoder.verify(kept.data, judged)
    sha256 = hashlib.sha256(data).hexdigest()
    extension = kept.content_type.removeprefix("image/")
    now = datetime.now(UTC)
    asset = Asset(
        id=ids.new(),
        owner=owner,
        kind=AssetKind.SOURCE,
        key=storage.key_for(parts.secret, owner, sha256, extension),
        sha256=sha256,
        content_type=kept.content_type,
        width=judged.width,
        height=judged.height,
        bytes=len(data),  # like sha256: of what was received, so that a sender can compare
        created_at=now,
        orientation=kept.orientation,
        name=name,
        stored_sha256=hashlib.sha256(kept.data).hexdigest(),
    )
    failpoints.reach("a1")
    parts.storage.put(asset.key, kept.data, kept.content_type, {"name": name, "received": now.isoformat()})
    failpoints.reach("a2")
    return asset


def _plain_name(name: str) -> str:
    """The last part of a path, printable and short; it is only ever shown."""
    last = PurePath(name.replace("\\", "/")).name
    return "".join(c for c in last if c.isprintable())[:_NAME_CHARS]
