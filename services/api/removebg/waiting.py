"""Waiting for a job to end.

A notification of Postgres wakes a caller; if it is lost, the caller looks every POLL_S. The job outlives its caller:
the same request sent again finds it in the queue, or its result.
"""

import time
from contextlib import suppress

from services.api.dependencies import Dependencies
from services.api.removebg.callers import AGAIN_S
from shared import errors
from shared.db import jobs
from shared.models.job import Job

POLL_S = 10.0


def ended(deps: Dependencies, job: Job, until: float) -> Job:
    """The job once it has ended. Raises Busy at `until`, or when this process stops, and SourceMissing once deleted."""
    with deps.hub.await_end(str(job.id)) as changes:
        while True:
            with suppress(errors.Unavailable):  # the database may be away for a moment
                job = _look(deps, job)
            if job.status.terminal:
                return job
            left_s = until - time.monotonic()
            if left_s <= 0 or deps.hub.stopped:
                raise errors.Busy("The picture is still in work; send the request again.", retry_after_s=AGAIN_S)
            changes.wait(min(POLL_S, left_s))


def _look(deps: Dependencies, job: Job) -> Job:
    with deps.database.transaction(durable=False) as connection:
        found = jobs.follow(connection, job.owner, job.id)
    if found is None:
        raise errors.SourceMissing
    return found
