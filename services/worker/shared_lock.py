"""A lock that many threads share, or one holds alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class SharedLock:
    """Who wants it alone goes before those who share it, which would otherwise keep it for ever.

    No thread waits longer than `timeout_s`: one that hangs must not stop all others.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._changed = threading.Condition()
        self._turn = threading.Lock()  # of those who want it alone
        self._sharing = 0
        self._wanted = False

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Hold it beside others; after the timeout, even beside one who holds it alone."""
        with self._changed:
            self._changed.wait_for(lambda: not self._wanted, self._timeout_s)
            self._sharing += 1
        try:
            yield
        finally:
            with self._changed:
                self._sharing -= 1
                self._changed.notify_all()

    @contextmanager
    def exclusive(self) -> Iterator[bool]:
        """Whether it is held alone: False after the timeout."""
        if not self._turn.acquire(timeout=self._timeout_s):
            yield False
            return
        try:
            with self._changed:
                self._wanted = True
                alone = self._changed.wait_for(lambda: not self._sharing, self._timeout_s)
            yield alone
        finally:
            with self._changed:
                self._wanted = False
                self._changed.notify_all()
            self._turn.release()
