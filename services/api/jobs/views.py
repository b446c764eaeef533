"""Jobs: create, list, show, cancel and retry them."""

from functools import partial

from flask import Response

from services.api import lookup, quotas
from services.api.dependencies import Dependencies
from services.api.jobs import queueing
from services.api.jobs.schemas import JobOut, JobPage, JobPath, JobQuery, NewJob
from services.api.middleware import auth
from services.api.middleware.idempotency import Record, once
from services.api.schemas import IdempotencyHeaders
from shared import errors, metrics, web
from shared.db import assets, ids, jobs
from shared.db.pagination import Cursor
from shared.models.job import JobState
from shared.models.owner import Owner

_RETRIED = (JobState.FAILED, JobState.CANCELLED)


def create(deps: Dependencies, header: IdempotencyHeaders, body: NewJob) -> Response:  # noqa: ARG001 - validates them
    """Cut out a kept picture.

    `priority` (0, the most urgent, to 9) and `provider` are for API keys.
    """
    if auth.key() is None and (body.priority is not None or body.provider is not None):
        raise errors.Forbidden("Choosing a priority or a provider needs an API key.")
    owner = auth.writer()
    return once(deps.database, owner, body.model_dump_json(), partial(_create, deps, owner, body))


def _create(deps: Dependencies, owner: Owner, wanted: NewJob, record: Record) -> Response:
    with deps.database.transaction() as connection:
        quotas.read(connection, owner, deps.settings.web).require(jobs=1)
        if assets.find(connection, owner, wanted.asset_id, keep=True) is None:
            raise errors.NotFound("You have no such picture.")
        job = jobs.create(
            connection,
            ids.new(),
            owner,
            wanted.asset_id,
            priority=jobs.NORMAL if wanted.priority is None else wanted.priority,
            input=wanted.options.input(wanted.provider).json(),
            request_id=web.request_id(),
        )
        response = queueing.accepted(deps, job)
        record(connection, response)
    queueing.wake_worker(deps, job)
    return response


def page(deps: Dependencies, query: JobQuery) -> JobPage:
    """Your jobs, newest first."""
    after = Cursor.parse(query.cursor) if query.cursor else None
    owner = auth.caller()
    if owner is None:
        return JobPage(items=[], next_cursor=None)
    with deps.database.transaction() as connection:
        found = jobs.page(connection, owner, query.limit, after, query.status)
    return JobPage(items=[JobOut.of(job, deps.urls) for job in found.items], next_cursor=found.next_cursor)


def show(deps: Dependencies, path: JobPath) -> JobOut:
    """A job's state."""
    return JobOut.of(lookup.require(deps, jobs.find, auth.visible_owner(), path.job_id), deps.urls)


def cancel(deps: Dependencies, path: JobPath) -> JobOut:
    """Cancel a job."""
    owner = auth.visible_owner()
    with deps.database.transaction() as connection:
        job = jobs.cancel(connection, owner, path.job_id)
    if job is None:
        lookup.require(deps, jobs.find, owner, path.job_id)
        raise errors.JobFinished
    metrics.JOBS.labels("cancelled", "").inc()
    return JobOut.of(job, deps.urls)


def retry(deps: Dependencies, path: JobPath) -> Response:
    """Try a failed or cancelled job again.

    Refused with `source_missing` once its picture was deleted.
    """
    owner, writer = auth.visible_owner(), auth.writer()
    with deps.database.transaction() as connection:
        quotas.read(connection, writer, deps.settings.web).require(jobs=1)
        job = jobs.retry(connection, owner, path.job_id)
    if job is None:
        current = lookup.require(deps, jobs.find, owner, path.job_id)
        raise errors.SourceMissing if current.status in _RETRIED else errors.JobNotFailed
    queueing.wake_worker(deps, job)
    return queueing.accepted(deps, job)
