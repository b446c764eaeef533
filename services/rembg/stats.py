"""Counts and latencies since the process started, for `GET /stats`.

Latencies are those of the last thousand pictures; alerts use the Prometheus histograms of shared/metrics.py instead.
"""

import resource
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from typing import NamedTuple

from shared import errors, health

_REMEMBERED = 1000
_MINUTE_S = 60.0
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes; getrusage(2) of each system


class _Done(NamedTuple):
    at: float  # monotonic
    total_s: float
    infer_s: float


class Stats:
    """Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._counts: Counter[str] = Counter(dict.fromkeys(("requests", "successes", "bytesIn", "bytesOut"), 0))
        self._failures: Counter[str] = Counter()
        self._precisions: Counter[str] = Counter()
        self._recent: deque[_Done] = deque(maxlen=_REMEMBERED)

    def request(self) -> None:
        """Count a request; `success` or `failure` follows."""
        with self._lock:
            self._counts["requests"] += 1

    def success(self, *, bytes_in: int, bytes_out: int, total_s: float, infer_s: float) -> None:
        with self._lock:
            self._counts.update(successes=1, bytesIn=bytes_in, bytesOut=bytes_out)
            self._recent.append(_Done(time.monotonic(), total_s, infer_s))

    def ran(self, precision: str) -> None:
        """Count in which precision the network ran for a picture; `none` if it did not."""
        with self._lock:
            self._precisions[precision] += 1

    def failure(self, code: str) -> None:
        with self._lock:
            self._failures[code] += 1

    def snapshot(self) -> dict[str, object]:
        with self._lock:
            counts, failures, recent = dict(self._counts), dict(self._failures), list(self._recent)
            precisions = dict(self._precisions)
        now = time.monotonic()
        return {
            **counts,
            "failures": failures,
            "precisions": precisions,
            "rejected": failures.get(errors.Busy.code, 0),
            "totalMs": percentiles([done.total_s for done in recent]),
            "inferMs": percentiles([done.infer_s for done in recent]),
            "imagesPerMinute": sum(now - done.at <= _MINUTE_S for done in recent),
            "uptimeS": round(now - self._started, 1),
            "memoryBytes": health.memory()["used"],
            "memoryPeakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT,
        }


def percentiles(seconds: Sequence[float]) -> dict[str, float | None]:
    """In milliseconds: the average, and the nearest-rank 50th, 95th and 99th percentiles; None without values."""
    if not seconds:
        return dict.fromkeys(("average", "p50", "p95", "p99"))
    ordered = sorted(seconds)
    ranks = {f"p{share}": ordered[-(-len(ordered) * share // 100) - 1] for share in (50, 95, 99)}
    return {name: round(value * 1000, 1) for name, value in {"average": sum(ordered) / len(ordered), **ranks}.items()}
