"""The thread that finds out what Stripe knows and the shop does not: answers that were lost, events that never came.

    every turn      payments and refunds that are open (`shared.db.reconciliation` says how often), events that could
                    not be applied, reservations that have run out
    every 10 min    what happened at Stripe, by its own list
    every day       disputes that are open

Any number of instances may run: each row is claimed before Stripe is asked, with no transaction open. What fails is due
again later, and never stops anything else.
"""

import threading

from services.api.dependencies import Dependencies
from services.api.payments import reconciling
from services.api.payments.reconciling import Task
from shared import errors, log

TURN_S = 15.0  # between two turns
AWAY_S = 60.0  # after one that Stripe or the database did not answer
AT_ONCE = 20  # rows of a kind in a turn
_GIVE_UP = 2  # calls of a kind in a turn that may fail
_log = log.get("reconciler")


class Reconciler:
    """Built before the dependencies that it is one of, and started once they are complete."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, deps: Dependencies) -> None:
        self._thread = threading.Thread(target=self._run, args=[deps], name="reconciler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more; may be repeated."""
        self._stopped.set()

    def join(self, timeout_s: float) -> None:
        """Wait for the call in work. If the process ends before, what it was about is due again later."""
        if self._thread:
            self._thread.join(timeout_s)

    def _run(self, deps: Dependencies) -> None:
        pause_s = TURN_S
        while not self._stopped.wait(pause_s):
            pause_s = TURN_S if turn(deps, self._stopped) else AWAY_S


def turn(deps: Dependencies, stopped: threading.Event | None = None) -> bool:
    """Do what is due, within bounds. Whether all of it was answered."""
    answered = [_done(deps, task, stopped or threading.Event()) for task in reconciling.TASKS]
    return all(answered)


def _done(deps: Dependencies, task: Task, stopped: threading.Event) -> bool:
    failures = 0
    for _ in range(AT_ONCE):
        if stopped.is_set():
            break
        try:
            if not task(deps):
                break
        except errors.Failure as failure:  # Stripe, or the database
            failures += 1
            _log.warning("reconciler_unanswered", task=task.__name__, code=failure.code)
        except Exception as error:  # noqa: BLE001 - the thread must survive whatever one row brings
            failures += 1
            _log.exception("reconciler_failed", task=task.__name__, error=type(error).__name__)
        if failures == _GIVE_UP:
            break
    return failures == 0
