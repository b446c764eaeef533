"""CORS: whose pages may use the api with the cookies of their visitors, and what they may read of its answers.

A browser asks before it sends a request from another origin (OPTIONS, a preflight). That is answered before callers are
looked for or counted: a preflight carries neither token nor key, and is not the caller's doing.
"""

from flask import Flask, Response, current_app, request
from flask_cors import CORS

_REMEMBERED_S = 7200  # a preflight's answer; browsers keep it no longer
_READABLE = (
    *("Content-Disposition", "ETag", "Idempotent-Replayed", "Location", "Retry-After", "X-Request-Id"),
    *("X-Session-Token", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"),
)


def install(app: Flask, origins: tuple[str, ...]) -> None:
    """Let pages of `origins` in, and no others. Before `limits` and `auth`, so that preflights are answered first."""
    app.before_request(_preflight)
    if not origins:
        return
    CORS(
        app,
        origins=list(origins),
        supports_credentials=True,
        expose_headers=_READABLE,
        max_age=_REMEMBERED_S,
        always_send=False,  # not where nobody asked
        vary_header=False,  # it would say so only to those that were let in
        intercept_exceptions=False,  # every error becomes an answer like any other
    )
    app.after_request(_varied)


def _preflight() -> Response | None:
    if request.method == "OPTIONS" and request.url_rule:
        return current_app.make_default_options_response()
    return None


def _varied(answer: Response) -> Response:
    """A cache must not show one origin what it keeps for another, or for none."""
    answer.vary.add("Origin")
    return answer
