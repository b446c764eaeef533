"""Limits per caller, shared over all instances through Redis, and kept locally while Redis is away.

Writes of pictures count against `RATE_LIMIT_UPLOADS` and the general limit, the other calls against `RATE_LIMIT_API`;
health, metrics, events and assets count against none. A route says which in its policy.
"""

import math
import time

from flask import Flask, request
from flask_limiter import ApplicationLimit, Limiter, RateLimitExceeded
from werkzeug.wrappers import Response

from services.api import policy
from services.api.policy import Limit
from services.api.settings import Web
from shared import deadlines, errors, web


def install(app: Flask, settings: Web, redis_url: str) -> None:
    """Count every request as its route's policy says. With both limits off nothing is built."""
    rules = [
        ApplicationLimit(rate, scope=scope, exempt_when=exempt)  # two equal rates of one scope would share a counter
        for scope, rate, exempt in (
            (Limit.API, settings.rate_api, _uncounted),
            (Limit.UPLOADS, settings.rate_uploads, _no_upload),
        )
        if rate
    ]
    if not rules:
        return
    limiter = Limiter(
        _client,
        app=app,
        application_limits=list(rules),
        storage_uri=redis_url,
        storage_options={"socket_timeout": deadlines.REDIS_S, "socket_connect_timeout": deadlines.REDIS_S},
        strategy="sliding-window-counter",  # no double burst at a window's edge, for two numbers a caller
        in_memory_fallback_enabled=True,
        key_prefix="stolentee",
    )

    def refuse(_: RateLimitExceeded) -> Response:
        hit = limiter.current_limit
        wait_s = max(1, math.ceil(hit.window.reset_time - time.time())) if hit else 1
        return web.answer_failure(errors.RateLimited(retry_after_s=wait_s))

    app.register_error_handler(RateLimitExceeded, refuse)


def _client() -> str:
    return request.remote_addr or "unknown"


def _uncounted() -> bool:
    return policy.current().limit is Limit.NONE


def _no_upload() -> bool:
    return policy.current().limit is not Limit.UPLOADS
