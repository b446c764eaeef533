"""A WSGI app that counts its requests, to show how several processes are scraped."""

from collections.abc import Callable, Iterable
from typing import Any

from shared import metrics


def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    body, content_type = metrics.expose()
    if environ["PATH_INFO"] != "/metrics":
        metrics.REQUESTS.labels("/", "GET", 200).inc()
    start_response("200 OK", [("Content-Type", content_type), ("Connection", "close")])
    return [body]
