"""A thread that does one thing again and again, and can tell whether it still does.

Whatever goes wrong in a turn is logged, and the next turn comes. But only turns that end well, or that found a helper
away, count as life: a routine whose thread has died, hangs, or fails each time is late, which health shows and for
which `watch` ends the worker, as a new process is all that can help.
"""

import threading
import time
from collections.abc import Callable, Iterable

from shared import errors, log

FIRST_S = 60.0  # until the first turn of a rare one: a process that lives shorter than its routine would never see it
LOOK_S = 5.0  # between two looks of the watch

_log = log.get("routine")


class PeriodicTask:
    """`turn` every `every_s`; after one that found a helper away, `away_s` later than that.

    `patience_s` is what a slow turn may take: then the routine is late, and after twice that it is given up.
    """

    def __init__(
        self, name: str, turn: Callable[[], object], every_s: float, patience_s: float, away_s: float = 0.0
    ) -> None:
        self.name = name
        self._turn = turn
        self._every_s = every_s
        self._patience_s = patience_s
        self._away_s = away_s
        self._alive_at = time.monotonic()
        self._stopped = threading.Event()

    def start(self) -> None:
        self._alive_at = time.monotonic()
        threading.Thread(target=self._go_on, name=self.name, daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    @property
    def late(self) -> bool:
        return self._silent_s > self._patience_s

    @property
    def given_up(self) -> bool:
        return self._silent_s > 2 * self._patience_s

    @property
    def _silent_s(self) -> float:
        """Since the next turn was due."""
        return time.monotonic() - self._alive_at - self._every_s - self._away_s

    def _go_on(self) -> None:
        wait_s = min(self._every_s, FIRST_S)
        while not self._stopped.wait(wait_s):
            wait_s = self._every_s
            try:
                self._turn()
            except errors.Unavailable as error:
                _log.warning("turn_postponed", routine=self.name, error=error.public)
                wait_s += self._away_s
            except Exception:  # noqa: BLE001 - a bug in one turn must not cost all the others
                _log.exception("turn_broke", routine=self.name)
                continue
            self._alive_at = time.monotonic()


def check(routines: Iterable[PeriodicTask]) -> dict[str, object]:
    """Facts for health; raises while a routine is late."""
    if late := [routine.name for routine in routines if routine.late]:
        raise RuntimeError(f"late: {', '.join(late)}")
    return {}


def watch(routines: Iterable[PeriodicTask], end: Callable[[], None]) -> None:
    """Look for ever; calls `end` once a routine is given up at two looks: after a freeze, each gets its turn first."""
    before: set[str] = set()
    while True:
        time.sleep(LOOK_S)
        now = {routine.name for routine in routines if routine.given_up}
        if lost := before & now:
            _log.error("routine_given_up", routines=sorted(lost))
            return end()
        before = now
