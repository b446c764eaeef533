"""Admission control: a bounded number of pictures in work, a bounded number waiting, an immediate refusal beyond that.

A request is admitted before its body is read, so that a refusal costs nothing, and acquires a slot before its picture
is decoded, so that the slots bound memory. A request that cannot start by its deadline is refused too: its caller has
gone or will retry. A slot belongs to the work, not to the request: when a request gives up waiting for its picture, the
slot stays taken until that work has really ended.
"""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from shared.errors import Busy, Unavailable

_WEIGHT = 0.2  # of the latest picture in the moving average of the time one takes
_FIRST_GUESS_S = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """`alone`: no other slot was taken when this one was acquired."""

    acquired_at: float  # monotonic
    queued_s: float
    alone: bool


class AdmissionQueue:
    """At most `slots` pictures in work and `max_waiting` waiting."""

    def __init__(self, slots: int, max_waiting: int) -> None:
        self.slots = slots
        self._capacity = slots + max_waiting
        self._changed = threading.Condition()
        self._taken: set[Slot] = set()
        self._admitted = 0
        self.started = 0  # slots ever acquired
        self._average_s = _FIRST_GUESS_S
        self._closed = False

    @property
    def working(self) -> int:
        return len(self._taken)

    @property
    def waiting(self) -> int:
        return max(0, self._admitted - len(self._taken))

    def oldest_s(self) -> float:
        """Age of the oldest work; 0 without any."""
        with self._changed:
            return max((time.monotonic() - slot.acquired_at for slot in self._taken), default=0.0)

    def close(self) -> None:
        """Refuse all who wait and all who come later; running work continues."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def check(self) -> None:
        """Raise what `admit` would raise."""
        with self._changed:
            self._refuse_if_closed()
            if self._admitted >= self._capacity:
                raise self._busy()

    @contextmanager
    def admit(self) -> Iterator[None]:
        """A place among those working or waiting. Raises Busy when there is none, Unavailable when closed."""
        with self._changed:
            self.check()
            self._admitted += 1
        try:
            yield
        finally:
            with self._changed:
                self._admitted -= 1

    def acquire(self, timeout_s: float) -> Slot:
        """A slot, to be given back with `release`. Raises Busy at the timeout, Unavailable when closed."""
        came = time.monotonic()
        with self._changed:
            while True:
                self._refuse_if_closed()
                if len(self._taken) < self.slots:
                    now = time.monotonic()
                    slot = Slot(now, now - came, alone=not self._taken)
                    self._taken.add(slot)
                    self.started += 1
                    return slot
                left_s = came + timeout_s - time.monotonic()
                if left_s <= 0:
                    raise self._busy()
                self._changed.wait(left_s)

    def release(self, slot: Slot) -> None:
        with self._changed:
            self._taken.discard(slot)
            self._average_s += _WEIGHT * (time.monotonic() - slot.acquired_at - self._average_s)
            self._changed.notify()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise Unavailable("The service is stopping; please try again.")

    def _busy(self) -> Busy:
        """With the time after which a place should be free: everything admitted, shared among the slots."""
        return Busy(retry_after_s=max(1, math.ceil(self._admitted * self._average_s / self.slots)))
