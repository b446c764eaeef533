"""Rate limits per client, shared by all instances through Redis, and counted locally while Redis is down.

Uploads count against `RATE_LIMIT_UPLOADS` and the general limit, other writes and the admin routes against
`RATE_LIMIT_API`; reads are not limited. Each route's policy names its limit. A refused call counts against neither.

Windows slide: no stretch of time as long as one sees more calls than it allows, and a refusal states to the second when
the next call will pass. A client is an IP address, because tokens are free.
"""

import math
from collections.abc import Mapping, Sequence

from flask import Flask, Response, g

from services.api.middleware import client_address, policy
from services.api.middleware.policy import Limit
from services.api.middleware.sliding_windows import Count, Counter, Verdict, Window
from services.api.settings import Rate, Web
from shared import errors

_COUNTED = {Limit.NONE: (), Limit.API: (Limit.API,), Limit.UPLOADS: (Limit.API, Limit.UPLOADS)}
_PREFIX = "stolentee:calls"


def install(app: Flask, settings: Web, counter: Counter) -> None:
    """Count every request as its route's policy says, unless both limits are off."""
    rates = {Limit.API: settings.rate_api, Limit.UPLOADS: settings.rate_uploads}
    shared = {limit: rate for limit, rate in rates.items() if rate}
    if not shared:
        return
    # Without Redis each instance counts alone. Each then applies the whole general limit, but only its share of the
    # upload limit, because uploads cost storage and work.
    alone = {
        limit: _share(rate, settings.instances) if limit is Limit.UPLOADS else rate for limit, rate in shared.items()
    }

    def count() -> None:
        counted = [limit for limit in _COUNTED[policy.current().limit] if limit in shared]
        if counted:
            client = client_address.client()
            _judge(counter.count(_windows(client, counted, shared), _windows(client, counted, alone)))

    app.before_request(count)
    app.after_request(_add_headers)


def _share(rate: Rate, instances: int) -> Rate:
    """One instance's share of a rate; at least one call."""
    return Rate(max(1, rate.calls // instances), rate.seconds)


def _windows(client: str, counted: Sequence[Limit], rates: Mapping[Limit, Rate]) -> list[Window]:
    return [Window(f"{_PREFIX}:{limit}:{client}", rates[limit].calls, rates[limit].seconds) for limit in counted]


def _judge(verdict: Verdict) -> None:
    """Raises RateLimited with the seconds until all limits allow one more call."""
    if verdict.allowed:
        g.rate_count = min(verdict.counts, key=lambda count: count.window.calls)
        return
    full = [count for count in verdict.counts if count.used >= count.window.calls]
    g.rate_count = max(full, key=lambda count: count.next_s)
    raise errors.RateLimited(retry_after_s=max(1, math.ceil(g.rate_count.next_s)))


def _add_headers(response: Response) -> Response:
    """Of the limit that refused the call, else of the tightest."""
    count: Count | None = g.get("rate_count")
    if count:
        response.headers["RateLimit-Limit"] = str(count.window.calls)
        response.headers["RateLimit-Remaining"] = str(max(0, count.window.calls - count.used))
        response.headers["RateLimit-Reset"] = str(max(0, math.ceil(count.next_s)))
    return response
