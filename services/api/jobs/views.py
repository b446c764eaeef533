"""Jobs: promise, show, list, cancel and try again."""

from functools import partial

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from services.api import quotas, schemas
from services.api.cutouts import schemas as sending
from services.api.dependencies import Dependencies
from services.api.middleware import auth, http_responses
from services.api.middleware.idempotency import Keep, once
from services.api.middleware.policy import Auth, Cache, Limit, policy
from shared import errors, metrics, web
from shared.db import assets, ids, jobs, pagination
from shared.models.cutout import CutoutInput
from shared.models.owner import Owner


def blueprint(deps: Dependencies) -> APIBlueprint:
    api = APIBlueprint("jobs", __name__, url_prefix="/api/jobs", abp_tags=[Tag(name="jobs")])

    @api.post("", summary="Cut out a kept picture", responses=http_responses.told(schemas.Accepted, 202))
    @policy(auth=Auth.GUEST_WRITE, limit=Limit.API, cache=Cache.NO_STORE)
    def create(header: sending.Repeatable, body: schemas.NewJob) -> Response:  # noqa: ARG001 - for its checks
        """`priority` (0, the most urgent, to 9) and `provider` are for API keys."""
        if auth.key() is None and (body.priority is not None or body.provider is not None):
            raise errors.Forbidden("Choosing a priority or a provider needs an API key.")
        owner = auth.writer()
        return once(deps.database, owner, body.model_dump_json(), partial(_create, deps, owner, body))

    @api.get("", summary="Your jobs, newest first", responses=http_responses.told(schemas.JobPage, 200))
    @policy(auth=Auth.GUEST_READ, limit=Limit.NONE, cache=Cache.NO_STORE)
    def listed(query: schemas.JobQuery) -> Response:
        after = pagination.Cursor.parse(query.cursor) if query.cursor else None
        owner = auth.caller()
        if owner is None:
            return jsonify(schemas.JobPage(items=[], next_cursor=None).json_ready())
        with deps.database.transaction() as connection:
            page = jobs.page(connection, owner, query.limit, after, query.status)
        items = [schemas.job_out(job, deps.urls) for job in page.items]
        return jsonify(schemas.JobPage(items=items, next_cursor=page.marker).json_ready())

    @api.get("/<uuid:job_id>", summary="How a job goes", responses=http_responses.told(schemas.JobOut, 200))
    @policy(auth=Auth.GUEST_READ, limit=Limit.NONE, cache=Cache.NO_STORE)
    def show(path: schemas.JobPath) -> Response:
        return jsonify(http_responses.job(deps, http_responses.find_job(deps, auth.reach(), path.job_id)))

    @api.delete("/<uuid:job_id>", summary="Cancel a job", responses=http_responses.told(schemas.JobOut, 200))
    @policy(auth=Auth.GUEST_WRITE, limit=Limit.API, cache=Cache.NO_STORE)
    def cancel(path: schemas.JobPath) -> Response:
        owner = auth.reach()
        with deps.database.transaction() as connection:
            job = jobs.cancel(connection, owner, path.job_id)
        if job is None:
            http_responses.find_job(deps, owner, path.job_id)
            raise errors.JobFinished
        metrics.JOBS.labels("cancelled", "").inc()
        return jsonify(http_responses.job(deps, job))

    @api.post(
        "/<uuid:job_id>/retry", summary="Try a failed job again", responses=http_responses.told(schemas.Accepted, 202)
    )
    @policy(auth=Auth.GUEST_WRITE, limit=Limit.API, cache=Cache.NO_STORE)
    def retry(path: schemas.JobPath) -> Response:
        owner = auth.reach()
        quotas.admit(deps, auth.writer(), jobs=1)
        with deps.database.transaction() as connection:
            job = jobs.retry(connection, owner, path.job_id)
        if job is None:
            http_responses.find_job(deps, owner, path.job_id)
            raise errors.JobNotFailed
        return http_responses.announced(deps, job, http_responses.accepted(deps, job))

    return api


def _create(deps: Dependencies, owner: Owner, wish: schemas.NewJob, keep: Keep) -> Response:
    quotas.admit(deps, owner, jobs=1)
    priority = jobs.NORMAL if wish.priority is None else wish.priority
    with deps.database.transaction() as connection:
        if assets.find(connection, owner, wish.asset_id) is None:
            raise errors.NotFound("There is no such picture of yours.")
        job = jobs.create(
            connection,
            ids.new(),
            owner,
            wish.asset_id,
            priority=priority,
            input=CutoutInput(wish.provider).json(),
            request_id=web.request_id(),
        )
        answer = http_responses.accepted(deps, job)
        keep(connection, answer)
    return http_responses.announced(deps, job, answer)
