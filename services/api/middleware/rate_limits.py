"""Rate limits per client, shared by all instances through Redis, and counted locally while Redis is down.

Uploads count against `RATE_LIMIT_UPLOADS` and the general limit, other writes and the admin routes against
`RATE_LIMIT_API`; reads are not limited. Each route's policy names its limit.

Windows slide: no stretch of time as long as one sees more calls than it allows, and a refusal states to the second when
the next call will pass. A client is an IP address, because tokens are free.
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
    # Without Redis each instance counts alone. Each then applies the whole general limit, but only its share of the
    # upload limit, because uploads cost storage and work.
    limiter = Limiter(
        _client,
        app=app,
        application_limits=_limits(settings.rate_api, settings.rate_uploads),
        in_memory_fallback=_limits(settings.rate_api, _share(settings.rate_uploads, settings.instances)),
        storage_uri=redis_url,
        storage_options={"socket_timeout": timeouts.REDIS_S, "socket_connect_timeout": timeouts.REDIS_S},
        strategy="moving-window",
        key_prefix="stolentee",
    )
    app.register_error_handler(RateLimitExceeded, partial(_refuse, limiter))
    app.after_request(partial(_add_headers, limiter))


def _limits(rate_api: str, rate_uploads: str) -> list[Any]:
    scopes = ((Limit.API, rate_api, _is_unlimited), (Limit.UPLOADS, rate_uploads, _is_no_upload))
    return [
        ApplicationLimit(rate, key_function=_client, scope=scope, exempt_when=exempt)
        for scope, rate, exempt in scopes  # two equal rates of one scope would share a counter
        if rate
    ]


def _share(rate: str, instances: int) -> str:
    """One instance's share of a rate; at least one call."""
    number, _, rest = rate.partition(" ")
    return f"{max(1, int(number) // instances)} {rest}" if rate else ""


def _refuse(limiter: Limiter, _: RateLimitExceeded) -> Response:
    remaining = _remaining(limiter)
    return web.answer_failure(errors.RateLimited(retry_after_s=max(1, remaining[2]) if remaining else 1))


def _add_headers(limiter: Limiter, response: Response) -> Response:
    if remaining := _remaining(limiter):
        names = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
        response.headers.update({name: str(number) for name, number in zip(names, remaining, strict=True)})
    return response


def _remaining(limiter: Limiter) -> tuple[int, int, int] | None:
    """(limit, remaining, seconds until one more) of the tightest limit; None for uncounted requests."""
    counted = limiter.current_limits
    if not counted:
        return None
    tightest = next((hit for hit in counted if hit.breached), min(counted, key=lambda hit: hit.limit.amount))
    try:
        window = tightest.window
    except Exception:  # noqa: BLE001 - Redis went down just now; the request itself does not depend on it
        return None
    return tightest.limit.amount, max(0, window.remaining), max(0, math.ceil(window.reset_time - time.time()))


def _client() -> str:
    """The IP address; of IPv6 its /64 network, all addresses of which belong to one customer."""
    given = request.remote_addr or "unknown"
    try:
        address = ipaddress.ip_address(given)
    except ValueError:
        return given
    if address.version == 4:
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))


def _is_unlimited() -> bool:
    return policy.current().limit is Limit.NONE


def _is_no_upload() -> bool:
    return policy.current().limit is not Limit.UPLOADS
