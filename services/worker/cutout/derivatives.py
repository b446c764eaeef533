"""The objects of a cut-out: the picture itself, its mask, and a preview."""

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np

from services.worker.providers import Request
from services.worker.providers.router import Cutout
from shared import fast_png, images, storage
from shared.db import ids
from shared.models.asset import Asset, AssetKind
from shared.models.job import Job

_MAKERS: Mapping[AssetKind, Callable[[Cutout], images.Copy]] = {
    AssetKind.PREVIEW: lambda cutout: images.preview(cutout.picture),
    AssetKind.CUTOUT: lambda cutout: images.Copy(cutout.png, "image/png", cutout.picture.size),
    AssetKind.MASK: lambda cutout: images.Copy(_mask(cutout.picture), "image/png", cutout.picture.size),
}

_EXTENSIONS = {"image/svg+xml": "svg", "application/pdf": "pdf"}  # the others are named by their type


def store(objects: storage.Storage, secret: str, request: Request, cutout: Cutout) -> dict[AssetKind, Asset]:
    """Make and store all three; their assets have no rows yet. May be repeated.

    In parallel: each waits for a disk or a network, and the preview takes the longest to compute.
    """

    def make(kind: AssetKind) -> Asset:
        return put(objects, secret, request, kind, _MAKERS[kind](cutout))

    with ThreadPoolExecutor(len(_MAKERS)) as pool:
        return dict(zip(_MAKERS, pool.map(make, _MAKERS), strict=True))


def put(objects: storage.Storage, secret: str, request: Request, kind: AssetKind, copy: images.Copy) -> Asset:
    """Store one; its asset has no row yet. May be repeated."""
    asset = asset_of(secret, request.job, request.source.name, kind, copy)
    objects.put(asset.key, copy.data, copy.content_type, {"job": str(request.job.id)})
    return asset


def asset_of(secret: str, job: Job, name: str, kind: AssetKind, copy: images.Copy) -> Asset:
    """The asset of a file that a job made, with a key of its content."""
    sha256 = hashlib.sha256(copy.data).hexdigest()
    extension = _EXTENSIONS.get(copy.content_type, copy.content_type.partition("/")[2])
    return Asset(
        id=ids.new(),
        owner=job.owner,
        kind=kind,
        key=storage.key_for(secret, job.owner, sha256, extension),
        sha256=sha256,
        content_type=copy.content_type,
        width=copy.size[0],
        height=copy.size[1],
        bytes=len(copy.data),
        created_at=datetime.now(UTC),
        name=name,
        job_id=job.id,
        stored_sha256=sha256,
        made_of=job.asset_id,
    )


def _mask(picture: images.Picture) -> bytes:
    return fast_png.encode(np.asarray(picture.getchannel("A")))
