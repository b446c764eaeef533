"""Web variants as views need them: made when they are missing, and counted in their owner's quota."""

from contextlib import suppress

from flask import Response

from services.api.assets import variants
from services.api.dependencies import Dependencies
from services.api.middleware import downloads
from shared import errors, storage
from shared.db import assets
from shared.models.asset import Asset


def kept(deps: Dependencies, asset: Asset, name: str) -> Asset:
    """A variant of a picture, made if it is not stored.

    Raises NotFound if the picture is gone, Busy, or a failure of its decoding.
    """
    try:
        made = deps.variants.make(asset, name)
    except storage.Missing:
        raise errors.NotFound from None
    if made.stored_bytes:
        with deps.database.transaction() as connection:
            assets.add_bytes(connection, asset.id, made.stored_bytes)
    return made


def send(deps: Dependencies, asset: Asset, name: str | None) -> Response:
    """A variant of a picture, or the whole without a name. Raises as `kept` does."""
    if name is None:
        return downloads.send(deps.storage, asset)
    for variant in variants.candidates(asset, name):
        with suppress(errors.NotFound):
            return downloads.send(deps.storage, variant)
    return downloads.send(deps.storage, kept(deps, asset, name))
