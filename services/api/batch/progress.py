"""How far the work is: a bar in a terminal, else a line now and then."""

import sys
import threading
import time

_WIDTH = 30
_EVERY_S, _EVERY_LINE_S = 0.2, 10.0


class Progress:
    """Thread-safe."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = self._failed = self._earlier = 0
        self._since = time.monotonic()
        self._shown = 0.0
        self._lock = threading.Lock()
        self._bar = sys.stderr.isatty()

    def skip(self, count: int) -> None:
        """Count pictures that an earlier run has done."""
        self._earlier += count
        self.add(done=count)

    def add(self, *, done: int = 0, failed: int = 0) -> None:
        with self._lock:
            self._done, self._failed = self._done + done, self._failed + failed
        self.show()

    def show(self) -> None:
        """Show it, unless it was shown a moment ago; the end always."""
        with self._lock:
            now, ended = time.monotonic(), self._done + self._failed >= self._total
            if ended or now - self._shown >= (_EVERY_S if self._bar else _EVERY_LINE_S):
                self._shown = now
                self._print(now - self._since, ended)

    def _print(self, elapsed_s: float, ended: bool) -> None:
        over = self._done + self._failed
        rate = (over - self._earlier) / max(elapsed_s, 0.001)
        left = f", {_in_words((self._total - over) / rate)} left" if rate and not ended else ""
        failed = f", {self._failed} failed" if self._failed else ""
        facts = f"{over}/{self._total}{failed}, {rate:.1f}/s{left}"
        if not self._bar:
            sys.stderr.write(f"{facts}\n")
            return
        filled = _WIDTH * over // max(1, self._total)
        sys.stderr.write(f"\r[{'#' * filled}{'.' * (_WIDTH - filled)}] {facts}\033[K{chr(10) if ended else ''}")
        sys.stderr.flush()


def _in_words(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds > 90 else f"{seconds:.0f} s"
