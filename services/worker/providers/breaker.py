"""A circuit breaker: stops calling a provider after several failures in a row, and lets one call through now and then.

Our own, because the usual library holds one lock for the whole of a call, so that a process would remove one picture
at a time, lets all calls through at once after the pause, and measures the pause by the wall clock.
"""

import threading
import time

from shared import metrics
from shared.models.cutout import Provider

FAILURES = 5  # in a row, until it opens
REST_S = 30.0  # between two calls that an open breaker lets through


class Breaker:
    """Safe to share between threads. Ask `allows` before each call; `record` those whose end says something."""

    def __init__(self, provider: Provider) -> None:
        self._gauge = metrics.BREAKER_OPEN.labels(provider)
        self._lock = threading.Lock()
        self._failures = 0
        self._next = 0.0

    @property
    def open(self) -> bool:
        return self._failures >= FAILURES

    def allows(self) -> bool:
        """Whether a call may be made now. An open breaker allows one every REST_S."""
        with self._lock:
            now = time.monotonic()
            if self.open and now < self._next:
                return False
            self._next = now + REST_S
            return True

    def record(self, *, ok: bool) -> None:
        """The provider did its work, or failed."""
        with self._lock:
            self._failures = 0 if ok else self._failures + 1
            self._next = time.monotonic() + REST_S
            self._gauge.set(self.open)
