"""GET /api/jobs/<id>/events: a job as server-sent events.

    retry: 1000                         reconnect after a second
    event: status, id: 3, data: {job}   the state now, then every change
    : waiting                           every 10 s without a change, so that no proxy closes the connection

The stream ends with the job, or after 30 s: browsers reconnect by themselves, and no deploy has to wait longer.
"""

import json
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from flask import Response

from services.api import lookup
from services.api.dependencies import Dependencies
from services.api.jobs.schemas import JobOut, JobPath
from services.api.middleware import auth
from services.api.schemas import ResponseModel
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
    owner = auth.visible_owner()
    lookup.require(deps, jobs.find, owner, path.job_id)
    return stream(deps, str(path.job_id), _Reading(deps, owner, path.job_id).read)


@dataclass(frozen=True, slots=True)
class State:
    """What a stream shows. `version` differs after each change; `ended`: there will be none."""

    version: int
    body: Callable[[], ResponseModel]
    ended: bool


def stream(deps: Dependencies, topic: str, read: Callable[[], State], *, poll_s: float | None = None) -> Response:
    """Stream what `read` finds, now and at each change that is announced under the topic, or every `poll_s`.

    Raises RateLimited or Busy if too many streams are open.
    """
    changes = deps.hub.follow(topic, auth.identified().id, auth.counted_as())
    response = Response(_events(deps, changes, read, poll_s), content_type="text/event-stream; charset=utf-8")
    response.headers["X-Accel-Buffering"] = "no"  # a buffering proxy would hold events back
    response.call_on_close(partial(deps.hub.leave, changes))
    return response


@dataclass(slots=True)
class _Reading:
    """Reads the job: the first time so that its changes are announced from then on."""

    deps: Dependencies
    owner: Owner | None
    job_id: UUID
    find: print_jobs.Find = jobs.follow

    def read(self) -> State:
        job, following = lookup.require(
            self.deps, partial(print_jobs.with_following, find=self.find), self.owner, self.job_id
        )
        self.find = jobs.find
        return State(job.version, partial(JobOut.of, job, following, self.deps.urls), job.status.terminal)


def _events(
    deps: Dependencies, changes: Subscription, read: Callable[[], State], poll_s: float | None
) -> Iterator[str]:
    until = time.monotonic() + STREAM_S
    yield "retry: 1000\n\n"
    with changes, metrics.STREAMS.track_inprogress():
        sent = None
        while True:
            try:
                state = read()
            except errors.Failure:
                return  # the browser reconnects and gets the error as a response
            if state.version != sent:
                sent = state.version
                body = json.dumps(state.body().json_ready())
                yield f"event: status\nid: {sent}\ndata: {body}\n\n"
            if state.ended or not (yield from _wait(deps, changes, until, poll_s)):
                return


def _wait(deps: Dependencies, changes: Subscription, until: float, poll_s: float | None) -> Generator[str, None, bool]:
    """Wait for a change, sending comments meanwhile; false when the stream is over."""
    while (left_s := until - time.monotonic()) > 0 and not (changes.superseded or deps.hub.stopped):
        if changes.wait(min(poll_s or COMMENT_S, left_s)):
            return True
        yield ": waiting\n\n"
        if poll_s:
            return True
    return False
