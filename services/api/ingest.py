"""Taking a picture in: judged, verified, freed of metadata, stored; then it is an asset waiting for its row.

JPEG, PNG and WebP are stored as they are. Other formats, which not every browser shows and no other service decodes,
are stored as a lossless PNG.

Bytes first, row after: a crash in between leaves an object nobody knows, never a row without its object.
"""

import hashlib
from datetime import UTC, datetime

from services.api import quotas
from services.api.dependencies import Dependencies
from shared import errors, failpoints, images, metrics, storage
from shared.db import ids
from shared.models.asset import Asset, AssetKind
from shared.models.owner import Owner


def take(deps: Dependencies, owner: Owner, data: bytes, name: str) -> Asset:
    """Judge and store a picture; its asset has no row yet. Raises errors.Failure for whatever is wrong with it."""
    try:
        asset = _take(deps, owner, data, name)
    except errors.Failure as failure:
        metrics.UPLOADS.labels(failure.code).inc()
        raise
    metrics.UPLOADS.labels("ok").inc()
    metrics.UPLOAD_BYTES.inc(len(data))
    return asset


def _take(deps: Dependencies, owner: Owner, data: bytes, name: str) -> Asset:
    quotas.admit(deps, owner, stored=len(data))
    info, kept = _kept(deps, data)
    sha256 = hashlib.sha256(data).hexdigest()
    extension = kept.content_type.removeprefix("image/")
    now = datetime.now(UTC)
    asset = Asset(
        id=ids.new(),
        owner=owner,
        kind=AssetKind.SOURCE,
        key=storage.key_for(deps.secret, owner, sha256, extension),
        sha256=sha256,
        content_type=kept.content_type,
        width=info.width,
        height=info.height,
        bytes=len(data),  # like sha256: of what was received, so that a sender can compare
        created_at=now,
        orientation=kept.orientation,
        name=name,
        stored_sha256=hashlib.sha256(kept.data).hexdigest(),
    )
    failpoints.reach("a1")
    deps.storage.put(asset.key, kept.data, kept.content_type, {"name": name, "received": now.isoformat()})
    failpoints.reach("a2")
    return asset


def _kept(deps: Dependencies, data: bytes) -> tuple[images.ImageInfo, images.Stored]:
    kind = images.recognise(data, deps.settings.web.formats)
    source = data if kind in images.STORED else deps.decoder.convert(data, kind)
    info = images.inspect(source)
    kept = images.strip(source, info)
    if source is data:  # what is cleaned has its end, even where it came without
        deps.decoder.verify(data, info)
    return info, kept
