"""The callers of this process who wait for their picture, each in a thread of its own (deploy/gunicorn_worker.py).

A place among them, a turn to send the body, a turn at work, and then the wait for the job, which holds nothing else.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from shared import errors

MAX_CALLERS = 256  # the server has a few threads more, which refuse
INTAKE = 32  # bodies on disk at once: a gigabyte
AT_WORK = 6  # decoding and storing: few, as browsers do so too
AGAIN_S = 5  # for work that goes on: the same request joins it
_RECENT = 20  # ends, of which the rate is taken


class Callers:
    """Counts them; the arguments are for tests."""

    def __init__(self, most: int = MAX_CALLERS) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._inside = 0
        self._ends: deque[float] = deque(maxlen=_RECENT)
        self._intake = threading.BoundedSemaphore(INTAKE)
        self._work = threading.BoundedSemaphore(AT_WORK)

    @contextmanager
    def place(self, wait_s: float) -> Iterator[None]:
        """A place among those who wait, each at most `wait_s`. Raises Busy if there is none."""
        with self._lock:
            if self._inside >= self._most:
                raise errors.Busy("Too many callers wait for a picture.", retry_after_s=self._next_end_s(wait_s))
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                self._ends.append(time.monotonic())

    @contextmanager
    def intake(self, until: float) -> Iterator[None]:
        """A turn to send the body. Raises Busy at `until`, of the monotonic clock; so does `work`."""
        with _turn(self._intake, until):
            yield

    @contextmanager
    def work(self, until: float) -> Iterator[None]:
        with _turn(self._work, until):
            yield

    def _next_end_s(self, wait_s: float) -> int:
        """The time between two ends of late; before there were any, the longest wait."""
        if not self._ends:
            return math.ceil(wait_s)
        mean_s = (time.monotonic() - self._ends[0]) / len(self._ends)
        return max(1, math.ceil(min(mean_s, wait_s)))


@contextmanager
def _turn(turns: threading.BoundedSemaphore, until: float) -> Iterator[None]:
    if not turns.acquire(timeout=max(0.0, until - time.monotonic())):
        raise errors.Busy(retry_after_s=AGAIN_S)
    try:
        yield
    finally:
        turns.release()
