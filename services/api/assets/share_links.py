"""Private links: one picture for a quarter of an hour, without the key that would open it for ever."""

from datetime import UTC, datetime

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from services.api import schemas, url_signing
from services.api.dependencies import Dependencies
from services.api.middleware import auth, downloads, http_responses
from services.api.middleware.policy import Auth, Cache, Limit, policy


def blueprint(deps: Dependencies) -> APIBlueprint:
    api = APIBlueprint("private", __name__, abp_tags=[Tag(name="pictures")])

    @api.post(
        "/api/assets/<uuid:asset_id>/link",
        summary="A private link to a picture",
        responses=http_responses.told(schemas.LinkOut, 201),
    )
    @policy(auth=Auth.GUEST_READ, limit=Limit.API, cache=Cache.NO_STORE)
    def make(path: schemas.AssetPath) -> tuple[Response, int]:
        """Whoever holds it may see this one picture for 15 minutes; the picture's own address is for ever."""
        asset = http_responses.find_asset(deps, auth.reach(), path.asset_id)
        query, expires = url_signing.link(deps.secret, asset.id)
        out = schemas.LinkOut(url=deps.urls.private(asset.id, query), expires_at=datetime.fromtimestamp(expires, UTC))
        return jsonify(out.json_ready()), 201

    @api.get(
        "/private/<uuid:asset_id>",
        summary="A picture by a private link",
        responses=http_responses.told("image/*", 200, 206),
    )
    @policy(auth=Auth.PUBLIC, limit=Limit.NONE, cache=Cache.NO_STORE)
    def fetch(path: schemas.AssetPath, query: schemas.LinkQuery) -> Response:
        """As `/assets/<key>`; 403 for a link that is over or was changed."""
        url_signing.check_link(deps.secret, path.asset_id, query.expires, query.signature)
        return downloads.send(deps.storage, http_responses.find_asset(deps, None, path.asset_id))

    return api
