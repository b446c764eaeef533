"""Reading from and writing to a client that may be slow, within bounds, for the threads of deploy/gunicorn_worker.py.

A client may let a thread wait for BODY_S in each direction, and again as its bytes pass at BODY_BYTES_S. So every
request and every response has a deadline, which depends on its length only.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gunicorn.http.errors import NoMoreData

from shared import timeouts

_STEP = 65536  # of sending


class TooSlow(NoMoreData, TimeoutError):  # type: ignore[misc]  # gunicorn has no type information
    """A client lets a thread wait too long; gunicorn closes the connection without a word in the log."""


class TimedSocket:
    """A connection, with the waiting of one request in one direction bounded."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._left_s = float(timeouts.BODY_S)

    def recv(self, size: int) -> bytes:
        with self._waiting():
            data = self._connection.recv(size)
        self._earn(len(data))
        return data

    def sendall(self, data: bytes) -> None:
        for at in range(0, len(data), _STEP):
            part = memoryview(data)[at : at + _STEP]
            with self._waiting():
                self._connection.sendall(part)
            self._earn(len(part))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        began = time.monotonic()
        self._connection.settimeout(max(0.0, self._left_s))
        try:
            yield
        except (TimeoutError, BlockingIOError):
            raise TooSlow from None
        finally:
            self._connection.settimeout(None)
        self._left_s -= time.monotonic() - began

    def _earn(self, passed: int) -> None:
        self._left_s = min(float(timeouts.BODY_S), self._left_s + passed / timeouts.BODY_BYTES_S)
