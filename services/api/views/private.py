"""Private links: one picture for a quarter of an hour, without the key that would open it for ever."""

from datetime import UTC, datetime

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from services.api import auth, schemas, serving, signing
from services.api.parts import Parts
from services.api.policy import Auth, Cache, Limit, policy
from services.api.views import answers


def blueprint(parts: Parts) -> APIBlueprint:
    api = APIBlueprint("private", __name__, abp_tags=[Tag(name="pictures")])

    @api.post(
        "/api/assets/<uuid:asset_id>/link",
        summary="A private link to a picture",
        responses=answers.told(schemas.LinkOut, 201),
    )
    @policy(auth=Auth.GUEST_READ, limit=Limit.API, cache=Cache.NO_STORE)
    def make(path: schemas.AssetPath) -> tuple[Response, int]:
        """Whoever holds it may see this one picture for 15 minutes; the picture's own address is for ever."""
        asset = answers.find_asset(parts, auth.reach(), path.asset_id)
        query, expires = signing.link(parts.secret, asset.id)
        out = schemas.LinkOut(url=parts.links.private(asset.id, query), expires_at=datetime.fromtimestamp(expires, UTC))
        return jsonify(out.json_ready()), 201

    @api.get(
        "/private/<uuid:asset_id>", summary="A picture by a private link", responses=answers.told("image/*", 200, 206)
    )
    @policy(auth=Auth.PUBLIC, limit=Limit.NONE, cache=Cache.NO_STORE)
    def fetch(path: schemas.AssetPath, query: schemas.LinkQuery) -> Response:
        """As `/assets/<key>`; 403 for a link that is over or was changed."""
        signing.check_link(parts.secret, path.asset_id, query.expires, query.signature)
        return serving.send(parts.storage, answers.find_asset(parts, None, path.asset_id))

    return api
