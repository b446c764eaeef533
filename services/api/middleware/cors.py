"""CORS: which origins' pages may call the api with their visitors' cookies, and which response headers they may read.

Browsers first send a preflight (OPTIONS). It is answered before authentication and rate limits: it carries no token or
key, and the caller did not ask for it.
"""

from flask import Flask, Response, current_app, request
from flask_cors import CORS

_MAX_AGE_S = 7200  # of a preflight; browsers cap it there
_EXPOSED = (
    *("Content-Disposition", "ETag", "Idempotent-Replayed", "Location", "Retry-After", "X-Request-Id"),
    *("X-Session-Token", "RateLimit-Policy", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"),
)


def install(app: Flask, origins: tuple[str, ...]) -> None:
    """Allow pages of `origins` only. Install before `rate_limits` and `auth`, so that preflights are answered first."""
    app.before_request(_preflight)
    if not origins:
        return
    CORS(
        app,
        origins=list(origins),
        supports_credentials=True,
        expose_headers=_EXPOSED,
        max_age=_MAX_AGE_S,
        always_send=False,  # not to requests without an Origin
        vary_header=False,  # the extension would set it for allowed origins only
        intercept_exceptions=False,  # every error becomes a normal response anyway
    )
    app.after_request(_vary)


def _preflight() -> Response | None:
    if request.method == "OPTIONS" and request.url_rule:
        return current_app.make_default_options_response()
    return None


def _vary(response: Response) -> Response:
    """Stop caches from serving one origin's response to another origin."""
    response.vary.add("Origin")
    return response
