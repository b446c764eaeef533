"""Limits per client, shared over all instances through Redis, and kept locally while Redis is away.

Writes of pictures count against `RATE_LIMIT_UPLOADS` and the general limit, the other writes and the operators' pages
against `RATE_LIMIT_API`; whatever only reads counts against none. A route says which in its policy.

Windows move: in no stretch of time as long as one do more calls pass than it allows, and a refusal can say to the
second when the next one will. A client is an address, as tokens cost nothing.
"""

import ipaddress
import math
import time
from functools import partial
from typing import Any

from flask import Flask, request
from flask_limiter import ApplicationLimit, Limiter, RateLimitExceeded
from werkzeug.wrappers import Response

from services.api.middleware import policy
from services.api.middleware.policy import Limit
from services.api.settings import Web
from shared import errors, timeouts, web


def install(app: Flask, settings: Web, redis_url: str) -> None:
    """Count every request as its route's policy says. With both limits off nothing is built."""
    if not (settings.rate_api or settings.rate_uploads):
        return
    # Without Redis each instance counts alone. The general limit then lets pass what each would alone; a share of the
    # uploads each keeps them, which cost storage and work, as few as before.
    limiter = Limiter(
        _client,
        app=app,
        application_limits=_rules(settings.rate_api, settings.rate_uploads),
        in_memory_fallback=_rules(settings.rate_api, _share(settings.rate_uploads, settings.instances)),
        storage_uri=redis_url,
        storage_options={"socket_timeout": timeouts.REDIS_S, "socket_connect_timeout": timeouts.REDIS_S},
        strategy="moving-window",
        key_prefix="stolentee",
    )
    app.register_error_handler(RateLimitExceeded, partial(_refuse, limiter))
    app.after_request(partial(_tell, limiter))


def _rules(rate_api: str, rate_uploads: str) -> list[Any]:
    scopes = ((Limit.API, rate_api, _uncounted), (Limit.UPLOADS, rate_uploads, _no_upload))
    return [
        ApplicationLimit(rate, key_function=_client, scope=scope, exempt_when=exempt)
        for scope, rate, exempt in scopes  # two equal rates of one scope would share a counter
        if rate
    ]


def _share(rate: str, instances: int) -> str:
    """What one of so many may let pass; at least one."""
    number, _, rest = rate.partition(" ")
    return f"{max(1, int(number) // instances)} {rest}" if rate else ""


def _refuse(limiter: Limiter, _: RateLimitExceeded) -> Response:
    left = _left(limiter)
    return web.answer_failure(errors.RateLimited(retry_after_s=max(1, left[2]) if left else 1))


def _tell(limiter: Limiter, answer: Response) -> Response:
    """How much is left, of the limit that is nearest."""
    if left := _left(limiter):
        names = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
        answer.headers.update({name: str(number) for name, number in zip(names, left, strict=True)})
    return answer


def _left(limiter: Limiter) -> tuple[int, int, int] | None:
    """(limit, remaining, seconds until there is one more); None for what is not counted."""
    counted = limiter.current_limits
    if not counted:
        return None
    nearest = next((hit for hit in counted if hit.breached), min(counted, key=lambda hit: hit.limit.amount))
    try:
        window = nearest.window
    except Exception:  # noqa: BLE001 - the storage was lost in this moment; whatever it raises, nothing depends on it
        return None
    return nearest.limit.amount, max(0, window.remaining), max(0, math.ceil(window.reset_time - time.time()))


def _client() -> str:
    """The address; of IPv6 the network that one customer gets, in which he may take as many as he likes."""
    given = request.remote_addr or "unknown"
    try:
        address = ipaddress.ip_address(given)
    except ValueError:
        return given
    if address.version == 4:
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))


def _uncounted() -> bool:
    return policy.current().limit is Limit.NONE


def _no_upload() -> bool:
    return policy.current().limit is not Limit.UPLOADS
