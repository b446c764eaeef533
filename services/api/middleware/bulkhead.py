"""A bounded line before a bounded number of places: whoever finds it full, or waits too long, comes back later."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from shared.errors import Busy


class Bulkhead:
    """Safe to share between threads."""

    def __init__(self, places: int, waiting: int, wait_s: float) -> None:
        self._wait_s = wait_s
        self._places = threading.Semaphore(places)
        self._inside = threading.Semaphore(places + waiting)

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place for as long as the block runs. Raises Busy."""
        if not self._inside.acquire(blocking=False):
            raise Busy
        try:
            if not self._places.acquire(timeout=self._wait_s):
                raise Busy
            try:
                yield
            finally:
                self._places.release()
        finally:
            self._inside.release()
