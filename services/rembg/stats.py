"""What the service has done since it started, for `GET /stats`.

Times are those of the last thousand pictures; what an alarm needs are Prometheus histograms, in shared/metrics.py.
"""

import resource
import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

from shared import health

_REMEMBERED = 1000
_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class _Done:
    at: float
    total_s: float
    infer_s: float


class Stats:
    """Counts; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._requests = self._successes = self._bytes_in = self._bytes_out = 0
        self._failures: Counter[str] = Counter()
        self._last: deque[_Done] = deque(maxlen=_REMEMBERED)

    def came(self) -> None:
        with self._lock:
            self._requests += 1

    def succeeded(self, *, bytes_in: int, bytes_out: int, total_s: float, infer_s: float) -> None:
        with self._lock:
            self._successes += 1
            self._bytes_in += bytes_in
            self._bytes_out += bytes_out
            self._last.append(_Done(time.monotonic(), total_s, infer_s))

    def failed(self, code: str) -> None:
        with self._lock:
            self._failures[code] += 1

    def snapshot(self) -> dict[str, object]:
        with self._lock:
            failures, last = dict(self._failures), list(self._last)
            counts = {"requests": self._requests, "successes": self._successes}
            sizes = {"bytesIn": self._bytes_in, "bytesOut": self._bytes_out}
        now = time.monotonic()
        return {
            **counts,
            "failures": failures,
            "rejected": failures.get("busy", 0),
            **sizes,
            "totalMs": spread([done.total_s for done in last]),
            "inferMs": spread([done.infer_s for done in last]),
            "imagesPerMinute": sum(now - done.at <= _MINUTE_S for done in last),
            "uptimeS": round(now - self._began, 1),
            "memoryBytes": health.memory()["rss"],
            "memoryPeakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }


def spread(seconds: Sequence[float]) -> dict[str, float | None]:
    """Milliseconds: the average, and the values that half, 95 % and 99 % stay below or meet; None without any."""
    if not seconds:
        return dict.fromkeys(("average", "p50", "p95", "p99"))
    ordered = sorted(seconds)
    ranks = {f"p{share}": ordered[-(-len(ordered) * share // 100) - 1] for share in (50, 95, 99)}
    return {name: round(value * 1000, 1) for name, value in {"average": sum(ordered) / len(ordered), **ranks}.items()}
