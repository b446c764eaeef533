"""Pictures of products: published from an upload, and from then on the shop's own, for everybody and every cache.

They have an owner of their own, so neither the retention of an admin's uploads nor their deletion takes them away.
"""

from flask import Response

from services.api import lookup
from services.api.assets import copies, ingest
from services.api.assets.schemas import DownloadHeaders
from services.api.catalogue import picture_schemas as schemas
from services.api.dependencies import Dependencies
from services.api.middleware import auth
from services.api.middleware.upload_parser import Upload
from shared import errors
from shared.db import assets
from shared.models.asset import AssetKind
from shared.models.owner import Owner, OwnerType

SHOP = Owner(OwnerType.SHOP, "shop")
_COPY = "1600"  # upright, in sRGB and without metadata


def publish_picture(deps: Dependencies, body: schemas.Publication) -> schemas.Published:
    """Publish picture.

    Makes a picture of yours one of the shop's, at most 1,600 pixels wide. Its `url` goes into the `pictures` of a
    product, needs no token and never changes. `DELETE /api/assets/<id>` with an admin's key takes it back, but caches
    may keep it for a week.
    """
    asset = lookup.require(deps, assets.find, auth.caller(), body.asset_id)
    if asset.kind is AssetKind.FILE:
        raise errors.InvalidRequest("assetId: this is a file made from a picture.")
    made = ingest.store(deps, SHOP, Upload.of(deps.storage.get(copies.kept(deps, asset, _COPY).key), asset.name))
    with deps.database.transaction() as connection:
        published, _ = assets.add(connection, made)
    return schemas.Published(
        id=published.id, url=f"/pictures/{published.key}", width=published.width, height=published.height
    )


def product_picture(
    deps: Dependencies,
    header: DownloadHeaders,  # noqa: ARG001 - documents
    path: schemas.PicturePath,
    query: schemas.PictureQuery,
) -> Response:
    """Show product picture.

    Returns a picture that the shop has published. Any cache may store it: another picture has another address.
    """
    with deps.database.transaction() as connection:
        asset = assets.by_key(connection, path.picture_key)
    if asset is None or asset.owner.type is not OwnerType.SHOP:
        raise errors.NotFound
    return copies.send(deps, asset, query.w)
