"""The gate: so many pictures in work, so many in line, and a quick no to everyone else.

A request takes a place before its body is read, so that refusing costs nothing, and a slot before its picture is
decoded, so that memory is bounded by the slots. Work that could not start by its deadline is refused as well: its
caller has gone or will ask again.
"""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from shared.errors import Busy

_WEIGHT = 0.2  # of the latest picture in the running average of how long one takes
_FIRST_GUESS_S = 1.0


class Gate:
    """`slots` pictures at once and `line` waiting."""

    def __init__(self, slots: int, line: int) -> None:
        self.slots = slots
        self._places = slots + line
        self._free = threading.Semaphore(slots)
        self._lock = threading.Lock()
        self._inside = self._working = 0
        self._took_s = _FIRST_GUESS_S

    @property
    def working(self) -> int:
        return self._working

    @property
    def waiting(self) -> int:
        return self._inside - self._working

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in work or in line; Busy when there is none."""
        with self._lock:
            if self._inside >= self._places:
                raise self._busy()
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1

    @contextmanager
    def slot(self, wait_s: float) -> Iterator[float]:
        """A slot to work in, and the seconds it was waited for; Busy when none comes free in `wait_s`."""
        came = time.monotonic()
        if not self._free.acquire(timeout=max(0.0, wait_s)):
            raise self._busy()
        began = time.monotonic()
        with self._lock:
            self._working += 1
        try:
            yield began - came
        finally:
            with self._lock:
                self._working -= 1
                self._took_s += _WEIGHT * (time.monotonic() - began - self._took_s)
            self._free.release()

    def _busy(self) -> Busy:
        """When a place should be free: what is inside, shared among the slots."""
        return Busy(retry_after_s=max(1, math.ceil(self._inside * self._took_s / self.slots)))
