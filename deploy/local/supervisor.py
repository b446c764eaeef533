"""A supervisor: waits until processes are ready, restarts them when they crash, stops them in reverse order."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from deploy.local.errors import CommandError
from deploy.local.process import Process

CRASHES, WITHIN_S = 5, 60.0  # as many within a minute: restarting does not help
READY_S = 120.0  # the largest model on a slow machine
_LOOK_S = 0.05


@dataclass(slots=True)
class _Child:
    process: Process
    crashed_at: list[float] = field(default_factory=list)
    start_at: float | None = None  # when it will be started again


class Supervisor:
    """Watches the processes given to `start` and reports what happens to them to `say`.

    A crashed process is started again after `backoff_s`, the next time after twice that, and so on.
    """

    def __init__(self, say: Callable[[str], None], backoff_s: float = 0.5) -> None:
        self._say = say
        self._backoff_s = backoff_s
        self._children: list[_Child] = []

    def start(self, process: Process) -> None:
        """Start it and watch it from now on; it need not be ready when this returns."""
        self._children.append(_Child(process))
        process.start()

    def watch(self) -> None:
        """Restart what crashes, forever. Raises CommandError when a process keeps crashing."""
        while True:
            self.look()
            time.sleep(_LOOK_S)

    def look(self) -> None:
        """Check every process once, and restart those that are due."""
        for child in self._children:
            if child.start_at is not None:
                self._restart_when_due(child)
            elif (code := child.process.exit_code()) is not None:
                self._crashed(child, code)

    def stop(self) -> None:
        """Stop everything, the last started first."""
        for child in reversed(self._children):
            child.process.stop()

    def _restart_when_due(self, child: _Child) -> None:
        if child.start_at is not None and time.monotonic() >= child.start_at:
            child.start_at = None
            child.process.start()

    def _crashed(self, child: _Child, code: int) -> None:
        name, now = child.process.name, time.monotonic()
        child.process.kill()
        child.crashed_at = [at for at in child.crashed_at if now - at < WITHIN_S] + [now]
        if len(child.crashed_at) >= CRASHES:
            raise CommandError(f"{name} crashed {CRASHES} times within a minute; its last lines say why")
        wait_s = self._backoff_s * 2.0 ** (len(child.crashed_at) - 1)
        child.start_at = now + wait_s
        self._say(f"{name} ended with status {code}; starting it again in {wait_s:g} s")


def await_ready(process: Process, within_s: float = READY_S) -> None:
    """Wait until the process is ready. Raises CommandError when it ends instead, or takes too long."""
    deadline = time.monotonic() + within_s
    while not process.ready():
        code = process.exit_code()
        if code is not None:
            raise CommandError(f"{process.name} ended with status {code} while starting\n{process.log_tail()}".strip())
        if time.monotonic() > deadline:
            raise CommandError(f"{process.name} is not ready after {within_s:.0f} s\n{process.log_tail()}".strip())
        time.sleep(_LOOK_S)
