"""Answers given before the body was read, without hurting who is still sending it.

Closing a connection with unread data resets it, and the reset may overtake the answer: the caller would see "connection
reset" instead of 503. So the rest of the body is read and thrown away, for a while, after the answer has gone out and
the sending side is closed. One thread does that for all such connections; the server's threads and its main loop, which
would wait for each caller in turn, are given a stand-in to close.

A view says that it has not read the body with `request.environ[UNREAD] = True`.
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
_LONGEST_S = 5.0  # a caller on a slow line sees the answer well before
_MOST = 2000  # connections at once, against running out of file handles
_CHUNK = 1 << 18

Environ = dict[str, Any]
StartResponse = Callable[..., Callable[[bytes], object]]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class Lingering:
    """WSGI middleware; works with gunicorn's workers and does nothing where the server does not show its socket."""

    def __init__(self, app: Application, sink: "Sink") -> None:
        self._app = app
        self._sink = sink

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Callable[[bytes], object]:
            force = getattr(getattr(start_response, "__self__", None), "force_close", None)
            if environ.get(UNREAD) and force:
                force()
            return start_response(status, headers, *rest)

        answer = self._app(environ, start)
        connection = environ.get("gunicorn.socket")
        return _Then(answer, lambda: self._sink.adopt(connection)) if environ.get(UNREAD) and connection else answer


class _Then:
    """The parts of an answer, and what happens when the last has been sent."""

    def __init__(self, parts: Iterable[bytes], then: Callable[[], None]) -> None:
        self._parts = parts
        self._then = then

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._parts)

    def close(self) -> None:
        if hasattr(self._parts, "close"):
            self._parts.close()
        self._then()


class Sink:
    """Reads adopted connections empty until their callers close them, at most `_LONGEST_S` each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wake: socket.socket | None = None
        self._new: list[socket.socket] = []

    def adopt(self, connection: socket.socket) -> None:
        """Take the connection over; `connection` itself becomes an unconnected one, to be closed by its owner."""
        with contextlib.suppress(OSError), socket.socket() as dead:
            own = connection.dup()
            os.dup2(dead.fileno(), connection.fileno(), inheritable=False)
            own.setblocking(False)
            own.shutdown(socket.SHUT_WR)
            with self._lock:
                self._new.append(own)
                if self._wake is None:
                    self._wake, woken = socket.socketpair()
                    threading.Thread(target=self._run, args=(woken,), name="linger", daemon=True).start()
            self._wake.send(b"\0")

    def _run(self, woken: socket.socket) -> None:
        room = bytearray(_CHUNK)
        until = {woken: float("inf")}  # every connection, the oldest first
        with selectors.DefaultSelector() as selector:
            selector.register(woken, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select(timeout=1.0)]
                now = time.monotonic()
                over = {c for c in ready if c is not woken and not _more(c, room)}  # type: ignore[arg-type]
                over |= {connection for connection, end in until.items() if end < now}
                for connection in over:
                    selector.unregister(connection)
                    del until[connection]  # type: ignore[arg-type]
                    connection.close()  # type: ignore[union-attr]
                if woken in ready:
                    woken.recv(4096)
                    for connection in self._arrived(_MOST - len(until)):
                        selector.register(connection, selectors.EVENT_READ)
                        until[connection] = now + _LONGEST_S

    def _arrived(self, room: int) -> list[socket.socket]:
        with self._lock:
            new, self._new = self._new, []
        for connection in new[room:]:
            connection.close()
        return new[:room]


def _more(connection: socket.socket, room: bytearray) -> bool:
    """Whether more may come."""
    try:
        return connection.recv_into(room) > 0
    except BlockingIOError:
        return True
    except OSError:
        return False
