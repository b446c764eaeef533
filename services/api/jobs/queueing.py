"""Answering for a new job and waking a worker for it, as every request that queues one does."""

from flask import Response

from services.api.dependencies import Dependencies
from services.api.jobs.schemas import Accepted
from shared import failpoints
from shared.models.job import Job


def accepted(deps: Dependencies, job: Job) -> Response:
    """202, to be sent once the job's row is committed."""
    body = Accepted.of(job, deps.urls)
    response = body.response(202)
    response.headers["Location"] = body.status_url
    return response


def wake_worker(deps: Dependencies, job: Job) -> None:
    """Call after the commit. A lost wake-up only delays the job until the next sweep."""
    failpoints.reach("a3")
    deps.waker.wake(job.id)
    failpoints.reach("a4")
    failpoints.reach("a5")
