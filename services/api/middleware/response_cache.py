"""Finished responses of public pages, given again before Flask sees the request.

A view marks its response with `keep`; what then leaves the app, after all middleware, is kept for a minute by
everything that it depends on: address, accepted encodings and origin. Requests that could get anything else pass: those
of another method, with a body, from an origin that is not allowed, or with `Cache-Control: no-cache`, which a browser
sends to see the newest. Like the hits of a CDN, those here are counted in the metrics and not logged.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import Flask, request

from services.api.schemas import MAX_HEADER
from shared import metrics, web

KEEP_S = 60.0
MAX_BYTES = 16 << 20
_OVERHEAD = 2000  # bytes of a response besides its body
_MARK = "stolentee.keep"
_OF_BODY = frozenset({"Content-Encoding", "Content-Length", "Content-Type"})
_OF_REQUEST = frozenset({"Date", "X-Request-Id"})
_OF_CALLER = frozenset({"Set-Cookie", "X-Session-Token"})
_Headers = list[tuple[str, str]]
_Wsgi = Callable[..., Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class _Mark:
    name: str
    tag: str
    route: str
    valid: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class _Kept:
    mark: _Mark
    headers: _Headers
    body: bytes
    until: float


def keep(name: str, tag: str, valid: Callable[[], bool]) -> None:
    """Give the response of this request again, if it is a 200, while it is `valid`.

    `tag` begins its ETag in every encoding; `name` is the cache's label in metrics.
    """
    assert request.url_rule is not None
    request.environ[_MARK] = _Mark(name, tag, request.url_rule.rule, valid)


def install(app: Flask, origins: tuple[str, ...]) -> None:
    """Install last: what is kept is what would leave the app."""
    app.wsgi_app = _ResponseCache(app.wsgi_app, frozenset(origins))  # type: ignore[method-assign]


class _ResponseCache:
    def __init__(self, wsgi: _Wsgi, origins: frozenset[str]) -> None:
        self._wsgi = wsgi
        self._origins = origins
        self._kept: dict[tuple[str, ...], _Kept] = {}  # the oldest first
        self._bytes = 0
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        began = time.perf_counter()
        if not self._is_plain(environ):
            return self._wsgi(environ, start_response)
        told = environ.get
        key = (
            *(environ["PATH_INFO"], environ.get("QUERY_STRING", "")),
            *(told("HTTP_ACCEPT_ENCODING", ""), told("HTTP_ORIGIN", "")),
        )
        kept = self._kept.get(key)
        newest = "no-cache" in told("HTTP_CACHE_CONTROL", "")
        if kept and not newest and time.monotonic() < kept.until and kept.mark.valid():
            return _again(kept, environ, start_response, began)
        return self._passed(key, environ, start_response)

    def _is_plain(self, environ: dict[str, Any]) -> bool:
        told = environ.get
        return (
            environ["REQUEST_METHOD"] == "GET"
            and "HTTP_HOST" in environ
            and "HTTP_TRANSFER_ENCODING" not in environ
            and told("CONTENT_LENGTH", "") in ("", "0")
            and len(told("HTTP_IF_NONE_MATCH", "")) <= MAX_HEADER  # a longer one is refused
            and (told("HTTP_ORIGIN") is None or told("HTTP_ORIGIN") in self._origins)
        )

    def _passed(
        self, key: tuple[str, ...], environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """The app's response, kept if its view said so."""
        started: list[tuple[str, _Headers]] = []

        def start(status: str, headers: _Headers, *rest: Any) -> Any:
            started.append((status, list(headers)))
            return start_response(status, headers, *rest)

        parts = self._wsgi(environ, start)
        mark: _Mark | None = environ.get(_MARK)
        status, headers = started[0] if started else ("", [])
        if mark and status.startswith("200 ") and _OF_CALLER.isdisjoint(name for name, _ in headers):
            body = b"".join(parts)
            self._keep(key, _Kept(mark, _lasting(headers), body, time.monotonic() + KEEP_S))
            if close := getattr(parts, "close", None):
                close()
            return [body]
        return parts

    def _keep(self, key: tuple[str, ...], kept: _Kept) -> None:
        with self._lock:
            self._drop(key)
            self._kept[key] = kept
            self._bytes += _size(key, kept)
            while self._bytes > MAX_BYTES:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: tuple[str, ...]) -> None:
        if kept := self._kept.pop(key, None):
            self._bytes -= _size(key, kept)


def _again(kept: _Kept, environ: dict[str, Any], start_response: Callable[..., Any], began: float) -> Iterable[bytes]:
    mark = kept.mark
    unchanged = f'"{mark.tag}' in environ.get("HTTP_IF_NONE_MATCH", "")
    own = ("X-Request-Id", web.sane_id(environ.get("HTTP_X_REQUEST_ID", "")))
    if unchanged:
        start_response("304 NOT MODIFIED", [*(line for line in kept.headers if line[0] not in _OF_BODY), own])
    else:
        start_response("200 OK", [*kept.headers, own])
    metrics.CACHE_READS.labels(mark.name, "finished").inc()
    metrics.REQUESTS.labels(mark.route, "GET", 304 if unchanged else 200).inc()
    metrics.REQUEST_SECONDS.labels(mark.route).observe(time.perf_counter() - began)
    return [] if unchanged else [kept.body]


def _lasting(headers: _Headers) -> _Headers:
    return [line for line in headers if line[0] not in _OF_REQUEST]


def _size(key: tuple[str, ...], kept: _Kept) -> int:
    return sum(map(len, key)) + len(kept.body) + _OVERHEAD
