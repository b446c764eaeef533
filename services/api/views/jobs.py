"""Jobs: promise, show, list, cancel and try again."""

from functools import partial

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from services.api import auth, quotas, schemas, sending
from services.api.idempotency import Keep, once
from services.api.parts import Parts
from services.api.policy import Auth, Cache, Limit, policy
from services.api.views import answers
from shared import errors, metrics, web
from shared.db import assets, ids, jobs, paging
from shared.models import Owner


def blueprint(parts: Parts) -> APIBlueprint:
    api = APIBlueprint("jobs", __name__, url_prefix="/api/jobs", abp_tags=[Tag(name="jobs")])

    @api.post("", summary="Cut out a kept picture", responses=answers.told(schemas.Accepted, 202))
    @policy(auth=Auth.GUEST_WRITE, limit=Limit.API, cache=Cache.NO_STORE)
    def create(header: sending.Repeatable, body: schemas.NewJob) -> Response:  # noqa: ARG001 - for its checks
        """`priority` (0, the most urgent, to 9) and `provider` are for API keys."""
        if auth.key() is None and (body.priority is not None or body.provider is not None):
            raise errors.Forbidden("Choosing a priority or a provider needs an API key.")
        owner = auth.writer()
        return once(parts.database, owner, body.model_dump_json(), partial(_create, parts, owner, body))

    @api.get("", summary="Your jobs, newest first", responses=answers.told(schemas.JobPage, 200))
    @policy(auth=Auth.GUEST_READ, limit=Limit.NONE, cache=Cache.NO_STORE)
    def listed(query: schemas.JobQuery) -> Response:
        after = paging.Cursor.parse(query.cursor) if query.cursor else None
        owner = auth.caller()
        if owner is None:
            return jsonify(schemas.JobPage(items=[], next_cursor=None).json_ready())
        with parts.database.transaction() as connection:
            page = jobs.page(connection, owner, query.limit, after, query.status)
        items = [schemas.job_out(job, parts.links) for job in page.items]
        return jsonify(schemas.JobPage(items=items, next_cursor=page.marker).json_ready())

    @api.get("/<uuid:job_id>", summary="How a job goes", responses=answers.told(schemas.JobOut, 200))
    @policy(auth=Auth.GUEST_READ, limit=Limit.NONE, cache=Cache.NO_STORE)
    def show(path: schemas.JobPath) -> Response:
        return jsonify(answers.job(parts, answers.find_job(parts, auth.reach(), path.job_id)))

    @api.delete("/<uuid:job_id>", summary="Cancel a job", responses=answers.told(schemas.JobOut, 200))
    @policy(auth=Auth.GUEST_WRITE, limit=Limit.API, cache=Cache.NO_STORE)
    def cancel(path: schemas.JobPath) -> Response:
        owner = auth.reach()
        with parts.database.transaction() as connection:
            job = jobs.cancel(connection, owner, path.job_id)
        if job is None:
            answers.find_job(parts, owner, path.job_id)
            raise errors.JobFinished
        metrics.JOBS.labels("cancelled", "").inc()
        return jsonify(answers.job(parts, job))

    @api.post("/<uuid:job_id>/retry", summary="Try a failed job again", responses=answers.told(schemas.Accepted, 202))
    @policy(auth=Auth.GUEST_WRITE, limit=Limit.API, cache=Cache.NO_STORE)
    def retry(path: schemas.JobPath) -> Response:
        owner = auth.reach()
        quotas.admit(parts, auth.writer(), jobs=1)
        with parts.database.transaction() as connection:
            job = jobs.retry(connection, owner, path.job_id)
        if job is None:
            answers.find_job(parts, owner, path.job_id)
            raise errors.JobNotFailed
        return answers.announced(parts, job, answers.accepted(parts, job))

    return api


def _create(parts: Parts, owner: Owner, wish: schemas.NewJob, keep: Keep) -> Response:
    quotas.admit(parts, owner, jobs=1)
    priority = jobs.NORMAL if wish.priority is None else wish.priority
    with parts.database.transaction() as connection:
        if assets.find(connection, owner, wish.asset_id) is None:
            raise errors.NotFound("There is no such picture of yours.")
        job = jobs.create(
            connection,
            ids.new(),
            owner,
            wish.asset_id,
            priority=priority,
            wanted=wish.provider,
            request_id=web.request_id(),
        )
        answer = answers.accepted(parts, job)
        keep(connection, answer)
    return answers.announced(parts, job, answer)
