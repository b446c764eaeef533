"""Pictures: upload, list, show and delete them, and serve their bytes at signed addresses."""

from flask import Response

from services.api import lookup
from services.api.assets import copies, ingest, url_signing
from services.api.assets.schemas import (
    AddressPath,
    AssetOut,
    AssetPage,
    AssetPath,
    DownloadHeaders,
    UploadHeaders,
    VariantQuery,
)
from services.api.dependencies import Dependencies
from services.api.middleware import auth, upload_parser
from services.api.middleware.idempotency import once
from services.api.schemas import PageQuery
from shared import errors, metrics
from shared.db import assets
from shared.db.pagination import Cursor
from shared.models.asset import AssetKind


def upload(deps: Dependencies, header: UploadHeaders) -> Response:  # noqa: ARG001 - validates the headers
    """Create upload.

    Stores a picture to be cut out later. The same bytes from the same caller are one asset: 201 the first time, 200
    after.
    """
    (received, _), owner = upload_parser.parse(upload_parser.NoOptions), auth.writer()
    with once(deps.database, owner, received.sha256 or received.url) as record:
        stored = ingest.store(deps, owner, received)
        with deps.database.transaction() as connection:
            asset, created = assets.add(connection, stored)
            response = AssetOut.of(asset, deps.urls).response(201 if created else 200)
            record(connection, response)
        return response


def page(deps: Dependencies, query: PageQuery) -> AssetPage:
    """List pictures.

    Lists your own pictures, newest first.
    """
    after = Cursor.parse(query.cursor) if query.cursor else None
    owner = auth.caller()
    if owner is None:
        return AssetPage(items=[], next_cursor=None)
    with deps.database.transaction() as connection:
        found = assets.page(connection, owner, query.limit, after)
    return AssetPage(items=[AssetOut.of(asset, deps.urls) for asset in found.items], next_cursor=found.next_cursor)


def show(deps: Dependencies, path: AssetPath) -> AssetOut:
    """Get picture.

    Shows one of your pictures, with its address.
    """
    return AssetOut.of(lookup.require(deps, assets.find, auth.visible_owner(), path.asset_id), deps.urls)


def delete(deps: Dependencies, path: AssetPath) -> None:
    """Delete picture.

    Hides the picture at once and cancels its unfinished jobs; its bytes are removed a week later.
    """
    with deps.database.transaction() as connection:
        cancelled = assets.delete(connection, auth.visible_owner(), path.asset_id)
    metrics.JOBS.labels("cancelled", "").inc(cancelled)


def download(deps: Dependencies, header: DownloadHeaders, path: AddressPath, query: VariantQuery) -> Response:  # noqa: ARG001 - documents
    """Download picture.

    Returns the bytes of a picture at its `url`. The address itself grants access, without a token. It expires after one
    to two hours and then answers 403: get the picture or its job again for a new one.
    """
    url_signing.check_asset(deps.secret, path.key, path.grant)
    with deps.database.transaction() as connection:
        asset = assets.by_key(connection, path.key)
    if asset is None:
        raise errors.NotFound
    if query.w and asset.kind is AssetKind.FILE:  # may be of hundreds of megabytes, or no picture
        raise errors.NotFound
    return copies.send(deps, asset, query.w)
