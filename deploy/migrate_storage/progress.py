"""Progress: a line every few seconds with the rate and the time left."""

import sys
import time

EVERY_S = 5.0


class Progress:
    """Counts objects and bytes towards a known total."""

    def __init__(self, verb: str, objects: int, total: int) -> None:
        self._verb = verb
        self._objects, self._bytes = objects, total
        self._done, self._done_bytes = 0, 0
        self._began = self._printed_at = time.monotonic()

    def add(self, length: int) -> None:
        """Count one more object."""
        self._done += 1
        self._done_bytes += length
        if time.monotonic() - self._printed_at >= EVERY_S or self._done == self._objects:
            self._printed_at = time.monotonic()
            print(self.line(self._printed_at - self._began), file=sys.stderr, flush=True)

    def line(self, took_s: float) -> str:
        """By bytes, or by objects if they are so small that their number dominates."""
        rate = self._done / took_s if took_s else 0.0
        shares = (self._done / max(1, self._objects), self._done_bytes / max(1, self._bytes))
        left_s = took_s * (1 - min(shares)) / max(min(shares), 1e-9)
        return (
            f"{self._verb}: {self._done:,} of {self._objects:,} objects, {100 * min(shares):.0f} %, "
            f"{rate:.0f} objects/s, {size(self._done_bytes / took_s if took_s else 0)}/s, {duration(left_s)} left"
        )


def size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.1f} {unit}" if unit != "B" else f"{count:.0f} B"
        count /= 1000
    return f"{count:.1f} TB"


def duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
