"""A thread that runs one function again and again, and knows whether it still does.

Whatever goes wrong in a turn is logged, and the next turn comes. But only turns that succeed, or that find a service
unavailable, count as alive: a task whose thread has died, hangs, or fails every time is late. Health shows that, and
`watch` then ends the worker, as only a new process can help.
"""

import threading
import time
from collections.abc import Callable, Iterable

from shared import errors, log

FIRST_S = 60.0  # until the first turn of a rare task: a process that lives shorter than its interval would never run it
LOOK_S = 5.0  # between two looks of the watch

_log = log.get("periodic")


class PeriodicTask:
    """Runs `turn` every `every_s`; after a turn that found a service unavailable, `away_s` later than that.

    `tolerance_s` is what a slow turn may take: then the task is late, and after twice that it is lost.
    """

    def __init__(
        self, name: str, turn: Callable[[], object], every_s: float, tolerance_s: float, away_s: float = 0.0
    ) -> None:
        self.name = name
        self._turn = turn
        self._every_s = every_s
        self._tolerance_s = tolerance_s
        self._away_s = away_s
        self._alive_at = time.monotonic()
        self._stopped = threading.Event()

    def start(self) -> None:
        self._alive_at = time.monotonic()
        threading.Thread(target=self._loop, name=self.name, daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    @property
    def late(self) -> bool:
        return self._overdue_s > self._tolerance_s

    @property
    def lost(self) -> bool:
        return self._overdue_s > 2 * self._tolerance_s

    @property
    def _overdue_s(self) -> float:
        """Since the next turn was due."""
        return time.monotonic() - self._alive_at - self._every_s - self._away_s

    def _loop(self) -> None:
        wait_s = min(self._every_s, FIRST_S)
        while not self._stopped.wait(wait_s):
            wait_s = self._every_s
            try:
                self._turn()
            except errors.Unavailable as error:
                _log.warning("turn_postponed", task=self.name, error=error.public)
                wait_s += self._away_s
            except Exception:  # noqa: BLE001 - a bug in one turn must not cost all the others
                _log.exception("turn_failed", task=self.name)
                continue
            self._alive_at = time.monotonic()


def check(tasks: Iterable[PeriodicTask]) -> dict[str, object]:
    """Facts for health; raises while a task is late."""
    if late := [task.name for task in tasks if task.late]:
        raise RuntimeError(f"late: {', '.join(late)}")
    return {}


def watch(tasks: Iterable[PeriodicTask], end: Callable[[], None]) -> None:
    """Loop until a task is lost in two looks in a row, then call `end`: after a freeze, each task first gets a turn."""
    before: set[str] = set()
    while True:
        time.sleep(LOOK_S)
        now = {task.name for task in tasks if task.lost}
        if lost := before & now:
            _log.error("periodic_task_lost", tasks=sorted(lost))
            return end()
        before = now
