"""The door: whoever comes while there is no place is refused before a thread, a parser or the framework is troubled.

In a thread of the server a refusal takes a millisecond of the interpreter, so 400 callers at once would keep each
other, and a probe behind them, waiting for half a second. Here it takes a tenth of that, in the main loop, which shows
each request's head as it arrives (deploy/gunicorn.conf.py). A head that is not whole yet goes the ordinary way and is
refused there. Refusals are counted but not logged: a flood has one line too many a caller.
"""

import contextlib
import json
import re
import socket
from http import HTTPStatus

from services.rembg.admission import Gate
from services.rembg.lingering_close import Sink
from services.rembg.stats import Stats
from shared import errors, metrics, web

_REQUEST_ID = re.compile(rb"\r\nx-request-id:[ \t]*(\S*)[ \t]*\r\n", re.IGNORECASE)


class Door:
    """Where pictures are posted to `paths`."""

    def __init__(self, paths: tuple[str, ...], gate: Gate, stats: Stats, sink: Sink) -> None:
        self._posted = re.compile(f"POST ({'|'.join(map(re.escape, paths))})[ ?]".encode())
        self._gate = gate
        self._stats = stats
        self._sink = sink

    def refuse(self, connection: socket.socket, head: bytes) -> bool:
        """Whether the request that begins so was refused; then `connection` only remains to be closed."""
        posted = self._posted.match(head)
        if not posted or b"\r\n\r\n" not in head:
            return False
        try:
            self._gate.check()
        except errors.Failure as failure:
            self._stats.came()
            self._stats.failed(failure.code)
            metrics.REQUESTS.labels(posted[1].decode(), "POST", failure.status).inc()
            with contextlib.suppress(OSError):
                connection.send(_answer(failure, head))
            self._sink.adopt(connection)
            return True
        return False


def _answer(failure: errors.Failure, head: bytes) -> bytes:
    given = _REQUEST_ID.search(head)
    request_id = web.sane_id(given[1].decode("latin-1") if given else "")
    body = json.dumps(failure.envelope(request_id)).encode()
    lines = [
        f"HTTP/1.1 {failure.status} {HTTPStatus(failure.status).phrase}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"Retry-After: {failure.retry_after_s}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        f"X-Request-Id: {request_id}",
        "Connection: close",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
