"""POST /api/uploads: keep a picture. POST /api/cutouts: keep it and promise its cut-out."""

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from services.api import auth, intake, schemas
from services.api.parts import Parts
from services.api.policy import Auth, Cache, Limit, policy
from services.api.views import answers
from shared.db import assets, ids, jobs


def blueprint(parts: Parts) -> APIBlueprint:
    api = APIBlueprint("uploads", __name__, url_prefix="/api", abp_tags=[Tag(name="pictures")])

    @api.post("/uploads", summary="Keep a picture", responses=answers.told(schemas.AssetOut, 200, 201))
    @policy(auth=Auth.GUEST_WRITE, limit=Limit.UPLOADS, cache=Cache.NO_STORE)
    def upload(form: schemas.Picture) -> tuple[Response, int]:
        """The same bytes by the same caller are one asset: 201 the first time, 200 after."""
        data, name = intake.received_file(form.file)
        taken = intake.take(parts, auth.writer(), data, name)
        with parts.database.transaction() as connection:
            asset, fresh = assets.add(connection, taken)
        return jsonify(schemas.asset_out(asset, parts.links).json_ready()), 201 if fresh else 200

    @api.post("/cutouts", summary="Cut a picture out", responses=answers.told(schemas.Accepted, 202))
    @policy(auth=Auth.GUEST_WRITE, limit=Limit.UPLOADS, cache=Cache.NO_STORE)
    def cut_out(form: schemas.Picture) -> Response:
        """Keeps the picture and queues its cut-out in one step. What answers 202 is done, whatever else fails."""
        data, name = intake.received_file(form.file)
        owner = auth.writer()
        taken = intake.take(parts, owner, data, name)
        with parts.database.transaction() as connection:
            asset, _ = assets.add(connection, taken)
            job = jobs.create(connection, ids.new(), owner, asset.id)
        return answers.accepted(parts, job)

    return api
