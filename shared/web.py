"""What both Flask apps share: request ids, the access log, errors as JSON, health and metrics.

Nothing a caller sends can end in a traceback: known failures carry their own status and words, HTTP errors of the
framework are put into the same envelope, and anything else is logged and answered as `internal`.
"""

import re
import secrets
import time

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from shared import errors, health, log, metrics

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")  # fits any proxy's ids, and nothing that could break a log line
_USUAL = (
    errors.InvalidRequest,
    errors.NotFound,
    errors.LengthRequired,
    errors.BodyTooLarge,
    errors.RateLimited,
    errors.Unavailable,
    errors.Failure,
)  # the framework's own errors are called like ours of the same status
_CODES = {failure.status: failure.code for failure in _USUAL}
_WORDS = {404: errors.NotFound.message, 413: errors.BodyTooLarge.message}
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})  # callers may make up others
# What a browser may do with an answer, unless its route says otherwise: read it, and show it on no page elsewhere.
_STRICT = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
ENDPOINTS = ("health", "health_live", "health_ready", "health_detailed", "metrics")  # of `install`
_QUIET = frozenset({"/health", "/health/live", "/health/ready", "/metrics"})  # probes would drown the log

_log = log.get("web")


def install(app: Flask, state: health.Health, ops_token: str | None = None) -> None:
    """Give `app` request ids, an access log, JSON errors, `/health*` and `/metrics`."""
    app.before_request(_begin)
    app.after_request(_end)
    app.register_error_handler(errors.Failure, answer_failure)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_unexpected)
    _health_routes(app, state, ops_token)


def request_id() -> str:
    """The id of the request being answered; the caller's own X-Request-Id where it is sane."""
    return str(g.get("request_id", ""))


def sane_id(given: str) -> str:
    """A caller's own X-Request-Id, or one of ours in its place."""
    return given if _SANE_ID.fullmatch(given) else secrets.token_hex(8)


def answer_failure(failure: errors.Failure) -> Response:
    answer = jsonify(failure.envelope(request_id()))
    answer.status_code = failure.status
    answer.headers["Cache-Control"] = "no-store"
    if failure.retry_after_s is not None:
        answer.headers["Retry-After"] = str(failure.retry_after_s)
    return answer


def _begin() -> None:
    g.request_id = sane_id(request.headers.get("X-Request-Id", ""))
    g.began = time.perf_counter()
    log.begin(request_id=g.request_id)
    if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.1" and "Host" not in request.headers:
        raise errors.InvalidRequest("A Host header is missing.")  # gunicorn lets it pass, others do not


def _end(answer: Response) -> Response:
    answer.headers["X-Request-Id"] = request_id()
    for name, value in _STRICT.items():
        answer.headers.setdefault(name, value)
    took_s = time.perf_counter() - g.get("began", time.perf_counter())
    route = request.url_rule.rule if request.url_rule else "unknown"
    method = request.method if request.method in _METHODS else "other"
    metrics.REQUESTS.labels(route, method, answer.status_code).inc()
    metrics.REQUEST_SECONDS.labels(route).observe(took_s)
    say = _log.debug if request.path in _QUIET else _log.info
    say("http_request", method=request.method, path=request.path, status=answer.status_code, ms=round(took_s * 1000, 1))
    return answer


def _answer_http(error: HTTPException) -> Response:
    status = error.code or 500
    code = _CODES.get(status, re.sub(r"[^a-z]+", "_", error.name.lower()))
    words = _WORDS.get(status) or error.description or error.name
    body = {"error": {"code": code, "message": words, "requestId": request_id()}}
    answer = jsonify(body)
    answer.status_code = status
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):  # Allow, Retry-After and the like
            answer.headers[name] = value
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _answer_unexpected(error: Exception) -> Response:
    _log.error("unexpected", exc_info=error, path=request.path)
    return answer_failure(errors.Failure())


def _health_routes(app: Flask, state: health.Health, ops_token: str | None) -> None:
    def live() -> Response:
        return _no_store(jsonify(state.live()))

    def ready() -> Response:
        fit, body = state.ready()
        answer = _no_store(jsonify(body))
        answer.status_code = 200 if fit else 503
        return answer

    def detailed() -> Response:
        _operators_only(ops_token)
        return _no_store(jsonify(state.detailed()))

    def scrape() -> Response:
        _operators_only(ops_token)
        for name, up in state.up().items():
            metrics.CHECK_UP.labels(name).set(up)
        body, content_type = metrics.expose()
        return _no_store(Response(body, content_type=content_type))

    views = {"health": live, "health_live": live, "health_ready": ready, "health_detailed": detailed, "metrics": scrape}
    for endpoint, view in views.items():
        app.add_url_rule(f"/{endpoint.replace('_', '/')}", endpoint, view)


def _operators_only(token: str | None) -> None:
    if not health.may_operate(request.remote_addr, request.headers.get, token):
        raise errors.NotFound


def _no_store(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer
