"""Rate limits per caller, shared by all instances through Redis, and counted locally while Redis is down.

Uploads count against the caller's limit of uploads and the general one, other writes and the admin routes against the
general one; reads are not limited. Each route's policy names its limit. A refused call counts against neither.

Attempts to sign in have a limit of their own, by client address and by mail address: it counts those that failed, and
requests for a mail.

Windows slide: no stretch of time as long as one sees more calls than it allows, and a refusal states to the second when
the next call will pass. A caller with an API key is the key, with the limits of its scope. All others are their IP
address, because tokens are free, with the limits of guests; so is a caller with a wrong key.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus

from flask import Flask, Response, current_app, g

from services.api.middleware import auth, policy
from services.api.middleware.policy import Limit
from services.api.middleware.sliding_windows import Count, Counter, Verdict, Window
from services.api.rate import Rate
from services.api.settings import Web
from shared import errors
from shared.models.owner import Scope

Rates = Mapping[Limit, Rate]  # without those that are off
_COUNTED = {
    Limit.NONE: (),
    Limit.API: (Limit.API,),
    Limit.UPLOADS: (Limit.API, Limit.UPLOADS),
    Limit.SIGN_IN: (Limit.API, Limit.SIGN_IN),
}
_FAILED = (HTTPStatus.ACCEPTED, HTTPStatus.UNAUTHORIZED, HTTPStatus.GONE)  # of attempts to sign in; a mail is accepted
_EXTENSION = "sign_in_limit"
_MORE_UPLOADS = "upload_limits"
_PREFIX = "stolentee:calls"
_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60))
_ONE = {86_400: "a day", 3600: "an hour", 60: "a minute"}


def install(app: Flask, settings: Web, counter: Counter) -> None:
    """Count every request as its route's policy says. Install it after the identification of callers."""
    app.extensions[_EXTENSION] = (counter, settings.rate_sign_in)
    app.after_request(_take_back)
    shared = _by_scope(settings)
    if not any(shared.values()):
        return
    # Without Redis each instance counts alone. Each then applies the whole general limit, but only its share of the
    # upload limit, because uploads cost storage and work.
    alone = {scope: _shares(rates, settings.instances) for scope, rates in shared.items()}

    app.extensions[_MORE_UPLOADS] = (counter, shared, alone)

    def count() -> None:
        key = auth.key()
        scope, client = key.scope if key else None, auth.counted_as()
        counted = [limit for limit in _COUNTED[policy.current().limit] if limit in shared[scope]]
        if counted:
            windows = _windows(client, counted, shared[scope])
            _judge(counter.count(windows, _windows(client, counted, alone[scope])))
            if Limit.SIGN_IN in counted:
                g.attempts = windows[-1:]

    app.before_request(count)
    app.after_request(_add_headers)


def most_uploads() -> int | None:
    """The uploads that this caller may send at once. None: as many as it likes, a key's count in advance."""
    _, shared, _ = current_app.extensions.get(_MORE_UPLOADS, (None, {}, None))
    rate = None if auth.key() else shared.get(None, {}).get(Limit.UPLOADS)
    return rate.calls if rate else None


def count_uploads(uploads: int) -> None:
    """Count so many uploads, besides the call itself. Raises RateLimited."""
    counter, shared, alone = current_app.extensions.get(_MORE_UPLOADS, (None, {}, {}))
    key = auth.key()
    scope, client = key.scope if key else None, auth.counted_as()
    if uploads > 0 and Limit.UPLOADS in shared.get(scope, {}):
        limits = (_windows(client, [Limit.UPLOADS], rates[scope]) for rates in (shared, alone))
        _judge(counter.count(*([replace(window, cost=uploads) for window in windows] for windows in limits)))


def count_attempt(email: str) -> None:
    """Count an attempt to sign in with this address, besides those of the client. Raises RateLimited."""
    counter, rate = current_app.extensions[_EXTENSION]
    if rate:
        whose = sha256(email.lower().encode()).hexdigest()
        windows = _windows(f"email:{whose}", [Limit.SIGN_IN], {Limit.SIGN_IN: rate})
        _judge(counter.count(windows, windows))
        g.attempts = [*g.get("attempts", ()), *windows]


def _take_back(response: Response) -> Response:
    """Attempts that succeeded, or that were never judged, do not count."""
    if response.status_code not in _FAILED and (windows := g.get("attempts")):
        counter, _ = current_app.extensions[_EXTENSION]
        counter.take_back(windows)
    return response


def describe(settings: Web) -> str:
    """The limits in force, in Markdown, for the OpenAPI document."""
    callers = {
        None: "guest or customer, by address",
        Scope.PREMIUM: "key of scope premium, orders or catalogue",
        Scope.ADMIN: "key of scope admin",
    }
    rates = _by_scope(settings)
    rows = [
        [name, *(_rate_in_words(rates[scope].get(limit)) for limit in _COUNTED[Limit.UPLOADS])]
        for scope, name in callers.items()
    ]
    table = "\n".join(f"| {' | '.join(row)} |" for row in (["caller", "calls", "of which uploads"], ["---"] * 3, *rows))
    sign_in = _rate_in_words(settings.rate_sign_in)
    return f"{table}\n\nFailed attempts to sign in, by client address and by mail address, and mails: {sign_in}."


def _by_scope(settings: Web) -> Mapping[Scope | None, Rates]:
    """The limits of keys by their scope, and those of guests and customers under None."""
    premium = {Limit.API: settings.rate_premium_api, Limit.UPLOADS: settings.rate_premium_uploads}
    given: Mapping[Scope | None, Mapping[Limit, Rate | None]] = {
        None: {
            Limit.API: settings.rate_api,
            Limit.UPLOADS: settings.rate_uploads,
            Limit.SIGN_IN: settings.rate_sign_in,
        },
        Scope.PREMIUM: premium,
        Scope.ORDERS: premium,
        Scope.CATALOGUE: premium,
        Scope.ADMIN: {Limit.API: settings.rate_admin_api, Limit.UPLOADS: settings.rate_admin_uploads},
    }
    return {scope: {limit: rate for limit, rate in rates.items() if rate} for scope, rates in given.items()}


def _shares(rates: Rates, instances: int) -> Rates:
    """One instance's share of the limit of uploads, at least one; the general limit as it is."""
    return {
        limit: Rate(max(1, rate.calls // instances), rate.seconds) if limit is Limit.UPLOADS else rate
        for limit, rate in rates.items()
    }


def _windows(client: str, counted: Sequence[Limit], rates: Rates) -> list[Window]:
    return [Window(f"{_PREFIX}:{limit}:{client}", rates[limit].calls, rates[limit].seconds) for limit in counted]


def _judge(verdict: Verdict) -> None:
    """Raises RateLimited with the seconds until all limits allow one more call."""
    g.rate_counts = [*g.get("rate_counts", ()), *verdict.counts]
    if verdict.allowed:
        g.rate_count = min(g.rate_counts, key=lambda count: count.window.calls)
        return
    full = [count for count in verdict.counts if count.used >= count.window.calls] or verdict.counts
    g.rate_count = max(full, key=lambda count: count.next_s)
    wait_s = max(1, math.ceil(g.rate_count.next_s))
    raise errors.RateLimited(f"Too many requests; try again in {_in_words(wait_s)}.", retry_after_s=wait_s)


def _rate_in_words(rate: Rate | None) -> str:
    return f"{rate.calls:,} in {_ONE.get(rate.seconds) or _in_words(rate.seconds)}" if rate else "no limit"


def _in_words(seconds: int) -> str:
    """In the largest unit of which it is at least two, rounded up: a wait is never longer than that."""
    name, length = next((unit for unit in _UNITS if seconds >= 2 * unit[1]), ("second", 1))
    count = math.ceil(seconds / length)
    return f"{count} {name}{'s' if count != 1 else ''}"


def _add_headers(response: Response) -> Response:
    """All windows of the call; the count of that which refused it, else of the tightest."""
    count: Count | None = g.get("rate_count")
    if count:
        windows = [counted.window for counted in g.rate_counts]
        response.headers["RateLimit-Policy"] = ", ".join(f"{window.calls};w={window.seconds}" for window in windows)
        response.headers["RateLimit-Limit"] = str(count.window.calls)
        response.headers["RateLimit-Remaining"] = str(max(0, count.window.calls - count.used))
        response.headers["RateLimit-Reset"] = str(max(0, math.ceil(count.next_s)))
    return response
