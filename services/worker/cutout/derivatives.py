"""The objects of a cut-out: the picture itself, its mask, and a preview."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from services.worker import storing
from services.worker.providers import Request
from services.worker.providers.router import Cutout
from shared import fast_png, images, storage
from shared.models.asset import Asset, AssetKind

_MAKERS: Mapping[AssetKind, Callable[[Cutout], images.Copy]] = {
    AssetKind.PREVIEW: lambda cutout: images.preview(cutout.picture),
    AssetKind.CUTOUT: lambda cutout: images.Copy(cutout.png, "image/png", cutout.picture.size),
    AssetKind.MASK: lambda cutout: images.Copy(_mask(cutout.picture), "image/png", cutout.picture.size),
}


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
    asset = storing.asset_of(secret, request.job, request.source.name, kind, copy)
    objects.put(asset.key, copy.data, copy.content_type, {"job": str(request.job.id)})
    return asset


def _mask(picture: images.Picture) -> bytes:
    return fast_png.encode(np.asarray(picture.getchannel("A")))
