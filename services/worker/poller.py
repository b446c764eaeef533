"""The poller: asks Postgres for due jobs on a slow timer, so that none waits for a wake-up that never comes.

Redis may refuse wake-ups, or hold them where this worker does not hear them; the rescuer, which sends them again,
cannot help then. Asking Postgres costs Redis nothing.
"""

from collections.abc import Callable
from concurrent.futures import Future

EVERY_S = 10.0  # a wake-up takes milliseconds, and one that was lost is sent again within two seconds


class Poller:
    """`submit` runs a function in one of the `threads` that also run jobs for wake-ups."""

    def __init__(
        self,
        submit: Callable[[Callable[[], None]], Future[None]],
        run_next: Callable[[], bool],
        stopping: Callable[[], bool],
        threads: int,
    ) -> None:
        self._submit = submit
        self._run_next = run_next
        self._stopping = stopping
        self._threads = threads
        self._asked: list[Future[None]] = []

    def poll(self) -> None:
        """Let every thread run jobs until none is due. Raises what stopped a thread of the last poll."""
        if self._stopping() or not all(thread.done() for thread in self._asked):
            return
        ended, self._asked = self._asked, [self._submit(self._run_due) for _ in range(self._threads)]
        for thread in ended:
            thread.result()

    def _run_due(self) -> None:
        while not self._stopping() and self._run_next():
            pass
