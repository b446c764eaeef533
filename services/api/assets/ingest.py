"""Ingest of a picture: inspected, verified, stripped of metadata and stored; the caller then writes its row.

JPEG, PNG and WebP are stored as received. Other formats, which not every browser shows and no other service decodes,
are stored as a lossless PNG.

Bytes first, then the row: a crash in between leaves an object without a row, never a row without its object.
"""

import hashlib
from datetime import UTC, datetime

from services.api import quotas
from services.api.dependencies import Dependencies
from services.api.middleware.upload_parser import Upload
from shared import errors, failpoints, images, metrics, storage
from shared.db import ids
from shared.image_format.structure import Format
from shared.models.asset import Asset, AssetKind
from shared.models.owner import Owner


def store(deps: Dependencies, owner: Owner, received: Upload, *, jobs: int = 0, counted: int = 0) -> Asset:
    """Check and store a picture; the returned asset has no row yet. Raises errors.Failure if it is not acceptable.

    The owner's quotas must have room for it, less the bytes that are `counted` already, and for so many new jobs.
    """
    try:
        data = _fetch(deps, owner, received.url, jobs) if received.data is None else received.data
        asset = _store(deps, owner, data, received, jobs, counted)
    except errors.Failure as failure:
        metrics.UPLOADS.labels(failure.code).inc()
        raise
    metrics.UPLOADS.labels("ok").inc()
    metrics.UPLOAD_BYTES.inc(len(data))
    return asset


@failpoints.before("a1")
@failpoints.after("a2")
def _store(deps: Dependencies, owner: Owner, data: bytes, received: Upload, jobs: int, counted: int) -> Asset:
    sha256 = received.sha256 or hashlib.sha256(data).hexdigest()
    stem = storage.stem_for(deps.secret, owner, sha256)
    quota = quotas.require_first(deps, owner, stem, stored=1 - counted, jobs=jobs)  # before the work of decoding
    kind = images.recognise(data, deps.settings.web.formats)
    info, stripped = _accepted(deps, data, kind)
    quota.require(stored=len(stripped.data) - counted)
    extension = stripped.content_type.removeprefix("image/")
    now = datetime.now(UTC)
    asset = Asset(
        id=ids.new(),
        owner=owner,
        kind=AssetKind.SOURCE,
        key=f"{stem}.{extension}",
        sha256=sha256,
        content_type=stripped.content_type,
        width=info.width,
        height=info.height,
        bytes=len(data),  # as received, like sha256, so that callers can compare
        created_at=now,
        orientation=stripped.orientation,
        name=received.name,
        stored_sha256=hashlib.sha256(stripped.data).hexdigest(),
        drawn=kind is Format.SVG,
        stored_bytes=len(stripped.data),
    )
    facts = {"name": asset.name, "received": now.isoformat()}
    deps.storage.put(asset.key, stripped.data, stripped.content_type, facts)
    return asset


def _fetch(deps: Dependencies, owner: Owner, url: str, jobs: int) -> bytes:
    if jobs:
        quotas.require_first(deps, owner, jobs=jobs)  # before the work of fetching
    if deps.fetcher is None:
        raise errors.UrlNotAllowed("This service does not fetch pictures from URLs.")
    return deps.fetcher.fetch(url)


def _accepted(deps: Dependencies, data: bytes, kind: Format) -> tuple[images.ImageInfo, images.Stored]:
    if kind not in images.STORED:
        return images.accept(deps.decoder.convert(data, kind), Format.PNG)  # whole, since it was made here
    info, stripped = images.accept(data, kind)
    deps.decoder.verify(data, info)  # as received: the stripped file has an end marker even if this one has none
    return info, stripped
