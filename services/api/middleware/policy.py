"""Policies of routes: who may call one, which rate limit it counts against, how long its response may be cached.

`services/api/routes.py` states them. Cache rules are applied here, the others by `auth` and `rate_limits`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from flask import Flask, Response, current_app, request


class Auth(StrEnum):
    PUBLIC = "public"  # the caller is not identified
    GUEST_READ = "guest_read"  # the caller its token or key names; without one there is nothing to read
    GUEST_WRITE = "guest_write"  # as above, and a new guest gets a token
    KEY = "key"  # an API key of any scope
    CUSTOMER = "customer"  # someone signed in
    MEMBER = "member"  # someone signed in, or an API key: everyone but guests
    ADMIN = "admin"  # an API key of scope admin, or a customer of role admin
    CATALOGUE = "catalogue"  # as above, or an API key of scope catalogue
    ORDERS = "orders"  # as an admin, or an API key of scope orders


class Limit(StrEnum):
    NONE = "none"
    API = "api"
    UPLOADS = "uploads"  # counts against the general limit as well
    SIGN_IN = "sign_in"  # so does this, whose calls count unless they succeed


class Cache(StrEnum):
    """Values of Cache-Control."""

    NO_STORE = "no-store"
    PICTURE = "private, max-age=3600"  # a customer's: no cache that others share may outlive its deletion
    PUBLISHED = "public, max-age=604800, immutable"  # the shop's own pictures: another picture has another address
    CATALOGUE = "public, max-age=3600, stale-while-revalidate=7200"
    PRICE = "public, max-age=300, stale-while-revalidate=600"
    PAGE = "no-cache"  # cached but revalidated: a deploy must reach open browsers


@dataclass(frozen=True, slots=True)
class Policy:
    auth: Auth
    limit: Limit
    cache: Cache


_PUBLIC = frozenset({Cache.PUBLISHED, Cache.CATALOGUE, Cache.PRICE})
UNRESTRICTED = Policy(Auth.PUBLIC, Limit.NONE, Cache.NO_STORE)
_EXTENSION = "policies"


def of(app: Flask, endpoint: str) -> Policy:
    """The policy of an endpoint; raises KeyError if it has none."""
    policies: Mapping[str, Policy] = app.extensions[_EXTENSION]
    return policies[endpoint]


def current() -> Policy:
    """The policy of the current request; unknown paths are answered to anyone and cached by no one."""
    return of(current_app, request.endpoint) if request.endpoint else UNRESTRICTED


def install(app: Flask, policies: Mapping[str, Policy]) -> None:
    """Apply `policies`, by endpoint. Raises ValueError if a route has none."""
    missing = {rule.endpoint for rule in app.url_map.iter_rules()} - policies.keys()
    if missing:
        raise ValueError(f"routes without a policy: {', '.join(sorted(missing))}")
    app.extensions[_EXTENSION] = policies
    app.after_request(_cache)


def _cache(response: Response) -> Response:
    rule = current().cache if response.status_code in (200, 206, 304) else Cache.NO_STORE
    response.headers["Cache-Control"] = rule
    if rule is Cache.PICTURE:  # CDNs are often set up to cache by a file's ending
        response.headers["CDN-Cache-Control"] = Cache.NO_STORE
    elif rule in _PUBLIC:
        response.headers["CDN-Cache-Control"] = rule
    return response
