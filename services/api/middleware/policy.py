"""Every route's policy, said at the route: who may call it, what it counts against, how long its answer may be kept.

A route without one does not start. Cache rules are applied here; `auth.py` and `limits.py` apply the others.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from flask import Flask, Response, current_app, request


class Auth(StrEnum):
    PUBLIC = "public"  # no caller is looked for
    GUEST_READ = "guest_read"  # whoever the token names; without one there is nothing to see
    GUEST_WRITE = "guest_write"  # as above, and a new guest gets a token
    ADMIN = "admin"  # an API key of that scope


class Limit(StrEnum):
    NONE = "none"
    API = "api"
    UPLOADS = "uploads"  # counts against the general limit as well


class Cache(StrEnum):
    """Values of Cache-Control."""

    NO_STORE = "no-store"
    ASSET = "public, max-age=604800, immutable"  # an unguessable key is the permission
    PAGE = "no-cache"  # kept, but asked for again: a deploy must reach open browsers


@dataclass(frozen=True, slots=True)
class Policy:
    auth: Auth
    limit: Limit
    cache: Cache


View = TypeVar("View", bound=Callable[..., Any])
_SHARED = Policy(Auth.PUBLIC, Limit.NONE, Cache.NO_STORE)  # the routes of shared.web, which guard themselves
_SHARED_ROUTES = frozenset({"health", "health_live", "health_ready", "health_detailed", "metrics"})


def policy(*, auth: Auth, limit: Limit, cache: Cache) -> Callable[[View], View]:
    """Attach a policy to a view."""

    def attach(view: View) -> View:
        view.policy = Policy(auth, limit, cache)  # type: ignore[attr-defined]
        return view

    return attach


def of(app: Flask, endpoint: str) -> Policy:
    """The policy of an endpoint; raises KeyError when it has none."""
    if endpoint in _SHARED_ROUTES:
        return _SHARED
    try:
        return vars(app.view_functions[endpoint])["policy"]  # type: ignore[no-any-return]
    except KeyError:
        raise KeyError(f"route {endpoint} names no policy") from None


def current() -> Policy:
    """The policy of the request; unknown routes get the strictest cache rule."""
    return of(current_app, request.endpoint) if request.endpoint else _SHARED


def install(app: Flask) -> None:
    """Check that every route has a policy, and apply the cache rules from now on."""
    for rule in app.url_map.iter_rules():
        of(app, rule.endpoint)
    app.after_request(_cache)


def _cache(answer: Response) -> Response:
    rule = current().cache if answer.status_code in (200, 206, 304) else Cache.NO_STORE
    answer.headers["Cache-Control"] = rule
    if rule is Cache.ASSET:
        answer.headers["CDN-Cache-Control"] = rule
    return answer
