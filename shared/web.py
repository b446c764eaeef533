"""Shared by both Flask apps: request ids, the access log, errors as JSON, health and metrics.

No request can end in a traceback: our failures carry their own status and message, the framework's HTTP errors get the
same JSON body, and everything else is logged and answered as `internal`.
"""

import re
import secrets
import time

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from shared import errors, health, log, metrics

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")  # fits any proxy's ids, and cannot break a log line
_USUAL_WORDS = frozenset({404, 413})  # statuses for which the framework's description says less than ours
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})  # a metric counts all others as one
# Browsers may only read a response and embed it nowhere, unless its view sets other headers.
_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
ENDPOINTS = ("health", "health_live", "health_ready", "health_detailed", "metrics")  # of `install`
_QUIET = frozenset({"/health", "/health/live", "/health/ready", "/metrics"})  # probes would flood the log

_log = log.get("web")


def install(app: Flask, state: health.Health, ops_token: str | None = None) -> None:
    """Give `app` request ids, an access log, JSON errors, `/health*` and `/metrics`."""
    app.before_request(_start_request)
    app.after_request(_finish_response)
    app.register_error_handler(errors.Failure, answer_failure)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_unexpected)
    _health_routes(app, state, ops_token)


def request_id() -> str:
    """The id of the current request: the caller's X-Request-Id if it is valid, else a random one."""
    return str(g.get("request_id", ""))


def sane_id(given: str) -> str:
    """`given` if it is a valid request id, else a random one."""
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def answer_failure(failure: errors.Failure) -> Response:
    response = jsonify(failure.envelope(request_id()))
    response.status_code = failure.status
    response.headers["Cache-Control"] = "no-store"
    if failure.retry_after_s is not None:
        response.headers["Retry-After"] = str(failure.retry_after_s)
    return response


def _start_request() -> None:
    g.request_id = sane_id(request.headers.get("X-Request-Id", ""))
    g.started = time.perf_counter()
    log.begin(request_id=g.request_id)
    if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.1" and "Host" not in request.headers:
        raise errors.InvalidRequest("A Host header is missing.")  # gunicorn accepts this, other servers do not


def _finish_response(response: Response) -> Response:
    response.headers["X-Request-Id"] = request_id()
    present = {name.lower() for name, _ in response.headers}
    response.headers.extend({name: value for name, value in _SECURITY_HEADERS.items() if name.lower() not in present})
    elapsed_s = time.perf_counter() - g.get("started", time.perf_counter())
    route = _route()
    method = request.method if request.method in _METHODS else "other"
    metrics.REQUESTS.labels(route, method, response.status_code).inc()
    metrics.REQUEST_SECONDS.labels(route).observe(elapsed_s)
    write = _log.debug if request.path in _QUIET else _log.info
    ms = round(elapsed_s * 1000, 1)
    write("http_request", method=request.method, route=route, status=response.status_code, ms=ms)
    return response


def _route() -> str:
    """The route for logs and metrics: never the path, as the address of a picture is the permission to see it."""
    return request.url_rule.rule if request.url_rule else "unknown"


def _answer_http(error: HTTPException) -> Response:
    status = error.code or 500
    message = "" if status in _USUAL_WORDS else error.description or ""
    response = jsonify(errors.of_server(status, error.name, request_id(), message))
    response.status_code = status
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):  # Allow, Retry-After and the like
            response.headers[name] = value
    response.headers["Cache-Control"] = "no-store"
    return response


def _answer_unexpected(error: Exception) -> Response:
    _log.error("unexpected", exc_info=error, method=request.method, route=_route())
    return answer_failure(errors.Failure())


def _health_routes(app: Flask, state: health.Health, ops_token: str | None) -> None:
    def live() -> Response:
        return _no_store(jsonify(state.live()))

    def ready() -> Response:
        is_ready, body = state.ready()
        response = _no_store(jsonify(body))
        response.status_code = 200 if is_ready else 503
        return response

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


def _no_store(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
