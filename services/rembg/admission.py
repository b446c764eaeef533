"""The gate: so many pictures in work, so many in line, and a quick no to everyone else.

A request takes a place before its body is read, so that refusing costs nothing, and a turn before its picture is
decoded, so that memory is bounded by the slots. Work that could not start by its deadline is refused as well: its
caller has gone or will ask again. A turn belongs to the work, not to the request: when a request gives up waiting for
a picture, the slot stays taken until that work has really ended.
"""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from services.rembg.siblings import Seats
from shared.errors import Busy, Unavailable

_WEIGHT = 0.2  # of the latest picture in the running average of how long one takes
_FIRST_GUESS_S = 1.0
_LOOK_S = 0.01  # how often a slot that another process holds is looked at


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """A slot taken. `alone`: nobody else was working."""

    began: float
    queued_s: float
    alone: bool
    seat: int | None


class Gate:
    """`slots` pictures at once, over all processes that share the `seats`, and `line` waiting in this one."""

    def __init__(self, slots: int, line: int, seats: Seats | None = None) -> None:
        self.slots = slots
        self._places = slots + line
        self._seats = seats
        self._changed = threading.Condition()
        self._turns: set[Turn] = set()
        self._inside = 0
        self.begun = 0  # turns ever taken
        self._took_s = _FIRST_GUESS_S
        self._closed = False

    @property
    def working(self) -> int:
        return len(self._turns)

    @property
    def waiting(self) -> int:
        return max(0, self._inside - len(self._turns))

    def oldest_s(self) -> float:
        """How long the longest work has been going on; 0 without any."""
        with self._changed:
            return max((time.monotonic() - turn.began for turn in self._turns), default=0.0)

    def close(self) -> None:
        """No more work is begun: whoever waits is told at once; what runs goes on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def check(self) -> None:
        """Raises what `place` would."""
        with self._changed:
            self._refuse_if_closed()
            if self._inside >= self._places:
                raise self._busy()

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in work or in line; Busy when there is none."""
        with self._changed:
            self.check()
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1

    def enter(self, wait_s: float) -> Turn:
        """A slot to work in, given back with `leave`; Busy when none comes free in `wait_s`."""
        came = time.monotonic()
        with self._changed:
            while True:
                self._refuse_if_closed()
                left_s = came + wait_s - time.monotonic()
                if len(self._turns) < self.slots:
                    seat = self._seats.take(self.slots) if self._seats else None
                    if seat is not None or self._seats is None:
                        now = time.monotonic()
                        turn = Turn(now, now - came, not self._turns, seat)
                        self._turns.add(turn)
                        self.begun += 1
                        return turn
                    left_s = min(left_s, _LOOK_S) if left_s > 0 else left_s
                if left_s <= 0:
                    raise self._busy()
                self._changed.wait(left_s)

    def leave(self, turn: Turn) -> None:
        with self._changed:
            self._turns.discard(turn)
            if self._seats and turn.seat is not None:
                self._seats.give(turn.seat)
            self._took_s += _WEIGHT * (time.monotonic() - turn.began - self._took_s)
            self._changed.notify()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise Unavailable("The service is stopping; please try again.")

    def _busy(self) -> Busy:
        """When a place should be free: what is inside, shared among the slots."""
        return Busy(retry_after_s=max(1, math.ceil(self._inside * self._took_s / self.slots)))
