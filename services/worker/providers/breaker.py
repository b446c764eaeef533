"""A breaker: stops asking a provider that failed several times in a row, and lets one call try now and then.

Kept here because the common library holds one lock during the whole of a call, so that a process would remove one
picture at a time, lets everybody try at once after the rest, and measures the rest by the wall clock.
"""

import threading
import time

FAILURES = 5  # in a row until it opens
REST_S = 30.0  # between the calls that an open one lets try


class Breaker:
    """Safe to share between threads. Ask `admits` before each call, say `heard` after those that showed something."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed = 0
        self._next = 0.0

    @property
    def open(self) -> bool:
        return self._failed >= FAILURES

    def admits(self) -> bool:
        """Whether a call may be made now. Of whoever asks an open breaker, one each REST_S may."""
        with self._lock:
            now = time.monotonic()
            if self.open and now < self._next:
                return False
            self._next = now + REST_S
            return True

    def heard(self, *, well: bool) -> None:
        """The provider did its work, or failed."""
        with self._lock:
            self._failed = 0 if well else self._failed + 1
            self._next = time.monotonic() + REST_S
