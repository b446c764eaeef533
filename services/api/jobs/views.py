"""Jobs: create, list, show, cancel and retry them."""

from flask import Response

from services.api import lookup, quotas
from services.api.cutouts import backgrounds
from services.api.dependencies import Dependencies
from services.api.jobs.schemas import Accepted, JobOut, JobPage, JobPath, JobQuery, NewJob
from services.api.middleware import auth
from services.api.middleware.idempotency import once
from services.api.schemas import IdempotencyHeaders
from shared import errors, metrics, web
from shared.db import assets, ids, jobs, print_jobs
from shared.db.pagination import Cursor
from shared.models.job import Job, JobState


def create(deps: Dependencies, header: IdempotencyHeaders, body: NewJob) -> Response:  # noqa: ARG001 - validates them
    """Create job.

    Cuts out the stored picture `assetId`. `priority` (0, the most urgent, to 9) and `provider` are for API keys.
    """
    if auth.key() is None and (body.priority is not None or body.provider is not None):
        raise errors.Forbidden("Choosing a priority or a provider needs an API key.")
    owner = auth.writer()
    with once(deps.database, owner, body.model_dump_json()) as record, deps.database.transaction() as connection:
        quotas.require(connection, owner, deps.settings.web, jobs=1)
        if assets.find(connection, owner, body.asset_id, keep=True) is None:
            raise errors.NotFound("You have no such picture.")
        if body.options.bg_asset:
            backgrounds.require(connection, owner, body.options.bg_asset)
        job = jobs.create(
            connection,
            ids.new(),
            owner,
            body.asset_id,
            priority=jobs.NORMAL if body.priority is None else body.priority,
            input=body.options.input(body.provider),
            request_id=web.request_id(),
        )
        response = Accepted.answer(job, deps.urls)
        record(connection, response)
    deps.waker.wake(job.id, job.queue)
    return response


def page(deps: Dependencies, query: JobQuery) -> JobPage:
    """List jobs.

    Lists your own jobs, newest first; jobs that follow another by themselves are its `steps`.
    """
    after = Cursor.parse(query.cursor) if query.cursor else None
    owner = auth.caller()
    if owner is None:
        return JobPage(items=[], next_cursor=None)
    with deps.database.transaction() as connection:
        found = jobs.page(connection, owner, query.limit, after, query.status)
        following = print_jobs.following(connection, [job.id for job in found.items])
    items = [JobOut.of(job, following[job.id], deps.urls) for job in found.items]
    return JobPage(items=items, next_cursor=found.next_cursor)


def show(deps: Dependencies, path: JobPath) -> JobOut:
    """Get job.

    Shows the state of one of your jobs and, once it is done, its result.
    """
    job, following = lookup.require(deps, print_jobs.with_following, auth.visible_owner(), path.job_id)
    return JobOut.of(job, following, deps.urls)


def cancel(deps: Dependencies, path: JobPath) -> JobOut:
    """Cancel job.

    Ends a job that waits or runs. A job that has ended stays as it is, and the response is 409.
    """
    owner = auth.visible_owner()
    with deps.database.transaction() as connection:
        job = jobs.cancel(connection, owner, path.job_id)
    if job is None:
        lookup.require(deps, jobs.find, owner, path.job_id)
        raise errors.JobFinished
    metrics.JOBS.labels("cancelled", "").inc()
    return JobOut.of(job, (), deps.urls)  # nothing follows a job that was not done


def retry(deps: Dependencies, header: IdempotencyHeaders, path: JobPath) -> Response:  # noqa: ARG001 - validates
    """Retry job.

    Runs a failed or cancelled job again. The request is refused with `source_missing` once its picture, or the picture
    for the background, was deleted.
    """
    owner, writer = auth.visible_owner(), auth.writer()
    with once(deps.database, writer) as record, deps.database.transaction() as connection:
        quotas.require(connection, writer, deps.settings.web, jobs=1)
        job = jobs.retry(connection, owner, path.job_id)
        if job is None:
            raise _refusal(jobs.find(connection, owner, path.job_id))
        backgrounds.require_of(connection, job)
        response = Accepted.answer(job, deps.urls)
        record(connection, response)
    deps.waker.wake(job.id, job.queue)
    return response


def _refusal(job: Job | None) -> errors.Failure:
    """Why a job is not tried again."""
    if job is None:
        return errors.NotFound()
    return errors.SourceMissing() if job.status in (JobState.FAILED, JobState.CANCELLED) else errors.JobNotFailed()
