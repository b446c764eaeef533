"""Assets: list, show, delete; and the objects themselves under their unguessable keys."""

from contextlib import suppress

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from services.api import schemas
from services.api.assets import variants
from services.api.dependencies import Dependencies
from services.api.middleware import auth, downloads, http_responses
from services.api.middleware.policy import Auth, Cache, Limit, policy
from shared import errors, storage
from shared.db import assets, pagination
from shared.models.asset import Asset


def blueprint(deps: Dependencies) -> APIBlueprint:
    api = APIBlueprint("assets", __name__, abp_tags=[Tag(name="pictures")])

    @api.get(
        "/api/assets", summary="Your pictures, newest first", responses=http_responses.told(schemas.AssetPage, 200)
    )
    @policy(auth=Auth.GUEST_READ, limit=Limit.NONE, cache=Cache.NO_STORE)
    def listed(query: schemas.PageQuery) -> Response:
        after = pagination.Cursor.parse(query.cursor) if query.cursor else None
        owner = auth.caller()
        if owner is None:
            return jsonify(schemas.AssetPage(items=[], next_cursor=None).json_ready())
        with deps.database.transaction() as connection:
            page = assets.page(connection, owner, query.limit, after)
        items = [schemas.asset_out(asset, deps.urls) for asset in page.items]
        return jsonify(schemas.AssetPage(items=items, next_cursor=page.marker).json_ready())

    @api.get("/api/assets/<uuid:asset_id>", summary="A picture", responses=http_responses.told(schemas.AssetOut, 200))
    @policy(auth=Auth.GUEST_READ, limit=Limit.NONE, cache=Cache.NO_STORE)
    def show(path: schemas.AssetPath) -> Response:
        asset = http_responses.find_asset(deps, auth.reach(), path.asset_id)
        return jsonify(schemas.asset_out(asset, deps.urls).json_ready())

    @api.delete("/api/assets/<uuid:asset_id>", summary="Delete a picture", responses=http_responses.told(None, 204))
    @policy(auth=Auth.GUEST_WRITE, limit=Limit.API, cache=Cache.NO_STORE)
    def delete(path: schemas.AssetPath) -> tuple[str, int]:
        """Hidden at once; its bytes are removed a week later."""
        with deps.database.transaction() as connection:
            found = assets.delete(connection, auth.reach(), path.asset_id)
        if not found:
            raise errors.NotFound
        return "", 204

    @api.get("/assets/<key>", summary="The bytes of a picture", responses=http_responses.told("image/*", 200, 206))
    @policy(auth=Auth.PUBLIC, limit=Limit.NONE, cache=Cache.ASSET)
    def fetch(path: schemas.KeyPath, query: schemas.VariantQuery) -> Response:
        """Knowing the key is the permission; `?download=1` makes a browser save it under the picture's own name."""
        if not path.key.isprintable():  # Postgres takes no NUL
            raise errors.NotFound
        with deps.database.transaction() as connection:
            asset = assets.by_key(connection, path.key)
        if asset is None:
            raise errors.NotFound
        return _send_variant(deps, asset, query.w) if query.w else downloads.send(deps.storage, asset)

    return api


def _send_variant(deps: Dependencies, asset: Asset, name: str) -> Response:
    for variant in variants.candidates(asset, name):
        with suppress(errors.NotFound):
            return downloads.send(deps.storage, variant)
    try:
        return downloads.send(deps.storage, deps.variants.make(asset, name))
    except storage.Missing:
        raise errors.NotFound from None
