"""GET /api/jobs/<id>/events: a job as server-sent events.

    retry: 1000                         reconnect after a second
    event: status, id: 3, data: {job}   its state now, then each change
    : waiting                           every 10 s of silence, so that no proxy cuts the line

Ends with the job, or after 30 s: a browser comes back by itself, and no deploy has to wait for it longer.
"""

import json
import time
from collections.abc import Generator, Iterator
from threading import BoundedSemaphore
from uuid import UUID

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from services.api import schemas
from services.api.dependencies import Dependencies
from services.api.middleware import auth, http_responses
from services.api.middleware.policy import Auth, Cache, Limit, policy
from shared import errors, metrics, timeouts
from shared.events import Subscription
from shared.models.owner import Owner

STREAM_S = timeouts.REQUEST_S
COMMENT_S = 10
MAX_STREAMS = 20  # each holds one of the server's 24 threads for them; the others say busy


def blueprint(deps: Dependencies) -> APIBlueprint:
    api = APIBlueprint("events", __name__, url_prefix="/api/jobs", abp_tags=[Tag(name="jobs")])
    places = BoundedSemaphore(MAX_STREAMS)

    @api.get(
        "/<uuid:job_id>/events",
        summary="Follow a job (server-sent events)",
        responses=http_responses.told("text/event-stream", 200),
    )
    @policy(auth=Auth.GUEST_READ, limit=Limit.NONE, cache=Cache.NO_STORE)
    def follow(path: schemas.JobPath) -> Response:
        """`event: status` with the job as data: its state now, then each change, until it ends or 30 s have passed."""
        owner, caller = auth.reach(), auth.caller()
        assert caller is not None  # else there would be nothing within reach
        http_responses.find_job(deps, owner, path.job_id)
        if not places.acquire(blocking=False):
            raise errors.Busy("Too many streams are open; ask for the job itself meanwhile.", retry_after_s=2)
        stream = Response(_events(deps, owner, caller, path.job_id), content_type="text/event-stream; charset=utf-8")
        stream.headers["X-Accel-Buffering"] = "no"  # a buffering proxy would hold events back
        stream.call_on_close(places.release)
        return stream

    return api


def _events(deps: Dependencies, owner: Owner | None, caller: Owner, job_id: UUID) -> Iterator[str]:
    until = time.monotonic() + STREAM_S
    yield "retry: 1000\n\n"
    with deps.hub.follow(str(job_id), caller.id) as news, metrics.STREAMS.track_inprogress():
        seen = 0
        while True:
            try:
                job = http_responses.find_job(deps, owner, job_id)
            except errors.Failure:
                return  # the browser comes back and hears why
            if job.version != seen:
                seen = job.version
                yield f"event: status\nid: {seen}\ndata: {json.dumps(http_responses.job(deps, job))}\n\n"
            if job.status.terminal or not (yield from _next_news(deps, news, until)):
                return


def _next_news(deps: Dependencies, news: Subscription, until: float) -> Generator[str, None, bool]:
    """Wait for a change, commenting on the silence; false when the stream is over."""
    while (left_s := until - time.monotonic()) > 0 and not (news.superseded or deps.hub.stopped):
        if news.wait(min(COMMENT_S, left_s)):
            return True
        yield ": waiting\n\n"
    return False
