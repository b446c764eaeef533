"""Load shedding: refuse a picture for which there is no room before a thread, a parser or the framework is involved.

In a server thread a refusal takes a millisecond of the interpreter, so 400 simultaneous callers would delay each other,
and a probe behind them, by half a second. Here it takes a tenth of that, in the server's main loop, which passes in the
head of each request as it arrives (deploy/gunicorn_worker.py). A request whose head is incomplete takes the ordinary
way and is refused there. Refusals are counted but not logged: one line per caller is too many in a flood.
"""

import contextlib
import json
import re
import socket
from http import HTTPStatus

from services.rembg.admission import AdmissionQueue
from services.rembg.lingering_close import SocketDrain
from services.rembg.stats import Stats
from shared import errors, metrics, web

_REQUEST_ID = re.compile(rb"\r\nx-request-id:[ \t]*(\S*)[ \t]*\r\n", re.IGNORECASE)


class LoadShedder:
    """Refuses pictures posted to `paths` while the queue is full or closed."""

    def __init__(self, paths: tuple[str, ...], queue: AdmissionQueue, stats: Stats, drain: SocketDrain) -> None:
        self._posted = re.compile(f"POST ({'|'.join(map(re.escape, paths))})[ ?]".encode())
        self._queue = queue
        self._stats = stats
        self._drain = drain

    def refuse(self, connection: socket.socket, head: bytes) -> bool:
        """Whether the request with this head was refused; if so, the caller must only close `connection`."""
        posted = self._posted.match(head)
        if not posted or b"\r\n\r\n" not in head:
            return False
        try:
            self._queue.check()
        except errors.Failure as failure:
            self._stats.request()
            self._stats.failure(failure.code)
            metrics.REQUESTS.labels(posted[1].decode(), "POST", failure.status).inc()
            with contextlib.suppress(OSError):
                connection.send(_response(failure, head))
            self._drain.adopt(connection)
            return True
        return False


def _response(failure: errors.Failure, head: bytes) -> bytes:
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
