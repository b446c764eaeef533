"""A bulkhead: a bounded queue before a bounded number of concurrent calls; when it is full, callers get Busy."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from shared.errors import Busy


class Bulkhead:
    """Thread-safe."""

    def __init__(self, concurrent: int, waiting: int, wait_s: float) -> None:
        self._wait_s = wait_s
        self._running = threading.Semaphore(concurrent)
        self._admitted = threading.Semaphore(concurrent + waiting)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a slot while the block runs. Raises Busy if the queue is full or the wait too long."""
        if not self._admitted.acquire(blocking=False):
            raise Busy
        try:
            if not self._running.acquire(timeout=self._wait_s):
                raise Busy
            try:
                yield
            finally:
                self._running.release()
        finally:
            self._admitted.release()
