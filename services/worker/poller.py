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
        """Let every thread run jobs until none is due, unless it is still at it. Raises what stopped one before."""
        if self._stopping():
            return
        ended, busy = _split(self._asked)
        self._asked = [*busy, *(self._submit(self._run_due) for _ in range(self._threads - len(busy)))]
        for thread in ended:
            thread.result()

    def _run_due(self) -> None:
        while not self._stopping() and self._run_next():
            pass


def _split(threads: list[Future[None]]) -> tuple[list[Future[None]], list[Future[None]]]:
    """Those that have ended, and the others."""
    return [thread for thread in threads if thread.done()], [thread for thread in threads if not thread.done()]
