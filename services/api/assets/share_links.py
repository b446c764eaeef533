"""Private links: one picture for 15 minutes, stored by no cache, without the key of its object."""

from datetime import UTC, datetime

from flask import Response

from services.api import lookup
from services.api.assets import url_signing
from services.api.assets.schemas import AssetPath, DownloadHeaders, LinkOut, LinkQuery
from services.api.dependencies import Dependencies
from services.api.middleware import auth, downloads
from shared.db import assets


def create_link(deps: Dependencies, path: AssetPath) -> LinkOut:
    """Create private link.

    Anyone who has the link can see this one picture for 15 minutes, and no cache stores it.
    """
    asset = lookup.require(deps, assets.find, auth.visible_owner(), path.asset_id)
    query, expires = url_signing.link(deps.secret, asset.id)
    return LinkOut(url=deps.urls.private(asset.id, query), expires_at=datetime.fromtimestamp(expires, UTC))


def follow_link(deps: Dependencies, header: DownloadHeaders, path: AssetPath, query: LinkQuery) -> Response:  # noqa: ARG001 - documents
    """Download by private link.

    Returns the bytes of the picture, as its own address does; 403 if the link has expired or was changed.
    """
    url_signing.check_link(deps.secret, path.asset_id, query.expires, query.signature)
    return downloads.send(deps.storage, lookup.require(deps, assets.find, None, path.asset_id))
