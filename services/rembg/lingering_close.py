"""Lingering close: lets callers read an answer that was sent before their request body was read.

Closing a connection with unread data resets it, and the reset can overtake the answer: the caller would see "connection
reset" instead of 503. So, after the answer has gone out and the sending side is closed, the rest of the body is read
and discarded for a while. One thread does so for all such connections; the server's threads and its main loop, which
would otherwise wait for each caller in turn, close a stand-in.

A view declares that it has not read the body with `request.environ[UNREAD] = True`.
"""

import contextlib
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

UNREAD = "stolentee.unread"
_MAX_LINGER_S = 5.0  # even a caller on a slow line has read the answer well before
_MAX_CONNECTIONS = 2000  # at once, so that file descriptors do not run out
_CHUNK = 1 << 18

Environ = dict[str, Any]
StartResponse = Callable[..., Callable[[bytes], object]]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class LingeringClose:
    """WSGI middleware for gunicorn's workers; does nothing where the server does not expose its socket."""

    def __init__(self, app: Application, drain: "SocketDrain") -> None:
        self._app = app
        self._drain = drain

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Callable[[bytes], object]:
            force_close = getattr(getattr(start_response, "__self__", None), "force_close", None)
            if environ.get(UNREAD) and force_close:
                force_close()
            return start_response(status, headers, *rest)

        parts = self._app(environ, start)
        connection = environ.get("gunicorn.socket")
        if not environ.get(UNREAD) or not connection:
            return parts
        return _Response(parts, lambda: self._drain.adopt(connection))


class _Response:
    """The parts of a response; calls `on_close` once the last was sent."""

    def __init__(self, parts: Iterable[bytes], on_close: Callable[[], None]) -> None:
        self._parts = parts
        self._on_close = on_close

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._parts)

    def close(self) -> None:
        if hasattr(self._parts, "close"):
            self._parts.close()
        self._on_close()


class SocketDrain:
    """Reads adopted connections until their callers close them, each for at most `_MAX_LINGER_S`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wake: socket.socket | None = None
        self._new: list[socket.socket] = []

    def adopt(self, connection: socket.socket) -> None:
        """Take the connection over; `connection` becomes an unconnected socket, which its owner still closes."""
        with contextlib.suppress(OSError), socket.socket() as unconnected:
            own = connection.dup()
            os.dup2(unconnected.fileno(), connection.fileno(), inheritable=False)
            own.setblocking(False)
            own.shutdown(socket.SHUT_WR)
            with self._lock:
                self._new.append(own)
                if self._wake is None:
                    self._wake, woken = socket.socketpair()
                    threading.Thread(target=self._run, args=(woken,), name="lingering-close", daemon=True).start()
            self._wake.send(b"\0")

    def _run(self, woken: socket.socket) -> None:
        buffer = bytearray(_CHUNK)
        deadlines = {woken: float("inf")}  # of every connection, oldest first
        with selectors.DefaultSelector() as selector:
            selector.register(woken, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select(timeout=1.0)]
                now = time.monotonic()
                over = {c for c in ready if c is not woken and not _drain(c, buffer)}  # type: ignore[arg-type]
                over |= {connection for connection, end in deadlines.items() if end < now}
                for connection in over:
                    selector.unregister(connection)
                    del deadlines[connection]  # type: ignore[arg-type]
                    connection.close()  # type: ignore[union-attr]
                if woken in ready:
                    woken.recv(4096)
                    for connection in self._take_new(_MAX_CONNECTIONS - len(deadlines)):
                        selector.register(connection, selectors.EVENT_READ)
                        deadlines[connection] = now + _MAX_LINGER_S

    def _take_new(self, room: int) -> list[socket.socket]:
        with self._lock:
            new, self._new = self._new, []
        for connection in new[room:]:
            connection.close()
        return new[:room]


def _drain(connection: socket.socket, buffer: bytearray) -> bool:
    """Read once; False when nothing more can come."""
    try:
        return connection.recv_into(buffer) > 0
    except BlockingIOError:
        return True
    except OSError:
        return False
