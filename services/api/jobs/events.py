"""GET /api/jobs/<id>/events: a job as server-sent events.

    retry: 1000                         reconnect after a second
    event: status, id: 3, data: {job}   the state now, then every change
    : waiting                           every 10 s without a change, so that no proxy closes the connection

The stream ends with the job, or after 30 s: browsers reconnect by themselves, and no deploy has to wait longer.
"""

import json
import time
from collections.abc import Generator, Iterator
from functools import partial
from uuid import UUID

from flask import Response

from services.api import lookup
from services.api.dependencies import Dependencies
from services.api.jobs.schemas import JobOut, JobPath
from services.api.middleware import auth
from shared import errors, metrics, timeouts
from shared.db import jobs, print_jobs
from shared.events import Subscription
from shared.models.owner import Owner

STREAM_S = timeouts.REQUEST_S
COMMENT_S = 10
MAX_STREAMS = 20  # each holds one of the server's 24 threads for streams; further ones get Busy
MAX_STREAMS_EACH = 4  # of one key, guest or guests' address: tokens are free. Further ones get RateLimited


def follow(deps: Dependencies, path: JobPath) -> Response:
    """Follow job.

    Server-sent events: `event: status` with the job as data, its state now and then each change. The stream ends with
    the job or after 30 s; browsers reconnect by themselves, other clients ask again while the job is unfinished. 429
    with more than four at once, of one API key, guest or address without a key: poll the job instead.
    """
    owner, caller = auth.visible_owner(), auth.caller()
    assert caller is not None  # visible_owner would have raised
    lookup.require(deps, jobs.find, owner, path.job_id)
    changes = deps.hub.follow(str(path.job_id), caller.id, auth.counted_as())
    stream = Response(_events(deps, owner, changes, path.job_id), content_type="text/event-stream; charset=utf-8")
    stream.headers["X-Accel-Buffering"] = "no"  # a buffering proxy would hold events back
    stream.call_on_close(partial(deps.hub.leave, changes))
    return stream


def _events(deps: Dependencies, owner: Owner | None, changes: Subscription, job_id: UUID) -> Iterator[str]:
    until = time.monotonic() + STREAM_S
    yield "retry: 1000\n\n"
    with changes, metrics.STREAMS.track_inprogress():
        sent, find = 0, jobs.follow
        while True:
            try:
                job, following = lookup.require(deps, partial(print_jobs.with_following, find=find), owner, job_id)
            except errors.Failure:
                return  # the browser reconnects and gets the error as a response
            find = jobs.find
            if job.version != sent:
                sent = job.version
                body = json.dumps(JobOut.of(job, following, deps.urls).json_ready())
                yield f"event: status\nid: {sent}\ndata: {body}\n\n"
            if job.status.terminal or not (yield from _wait(deps, changes, until)):
                return


def _wait(deps: Dependencies, changes: Subscription, until: float) -> Generator[str, None, bool]:
    """Wait for a change, sending comments meanwhile; false when the stream is over."""
    while (left_s := until - time.monotonic()) > 0 and not (changes.superseded or deps.hub.stopped):
        if changes.wait(min(COMMENT_S, left_s)):
            return True
        yield ": waiting\n\n"
    return False
