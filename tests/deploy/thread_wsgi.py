"""A WSGI app that reads the body, except on /early, and tells which thread serves the request; /flood sends 20 MB."""

import threading
from collections.abc import Callable, Iterable
from typing import Any


def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    try:
        if environ["PATH_INFO"] != "/early":
            environ["wsgi.input"].read()
        told = threading.current_thread().name.partition("_")[0]
    except TimeoutError:
        told = "too slow"
    parts = [bytes(1_000_000)] * 20 if environ["PATH_INFO"] == "/flood" else [told.encode()]
    start_response("200 OK", [("Content-Length", str(sum(map(len, parts))))])
    return parts
