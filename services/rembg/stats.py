"""What the service has done since it started, for `GET /stats`: summed over the processes of the server.

Each process counts in a file of its own that it has mapped into memory, and whoever is asked adds all of them up; what
an ended process did still counts. Times are those of the last thousand pictures of each; what an alarm needs are the
Prometheus histograms of shared/metrics.py.
"""

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from shared import errors

_REMEMBERED = 1000
_MINUTE_S = 60.0
_CODES = sorted({errors.Failure.code, *(kind.code for kind in errors.Failure.__subclasses__())})
_DONE = np.dtype([("at", "f8"), ("total_s", "f8"), ("infer_s", "f8")])  # on the machine's monotonic clock
_RECORD = np.dtype(
    [
        *((name, "i8") for name in ("pid", "requests", "successes", "bytes_in", "bytes_out", "working", "waiting")),
        ("began", "f8"),
        ("failures", "i8", (len(_CODES),)),
        ("done", _DONE, (_REMEMBERED,)),
    ]
)


class Stats:
    """Counts; safe to share between threads. Without a folder the process is on its own."""

    def __init__(self, folder: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._folder = folder
        if folder is None:
            self._own = np.zeros(1, _RECORD)
        else:
            mapped = np.memmap(folder / f"{os.getpid()}.stats", _RECORD, "w+", shape=(1,))
            self._own = mapped.view(np.ndarray)  # each access to a memmap as such takes 20 us
        self._own["pid"] = os.getpid()
        self._own["began"] = time.monotonic()

    def came(self) -> None:
        with self._lock:
            self._own["requests"] += 1

    def succeeded(self, *, bytes_in: int, bytes_out: int, total_s: float, infer_s: float) -> None:
        with self._lock:
            at = int(self._own["successes"][0]) % _REMEMBERED
            self._own["done"][0, at] = (time.monotonic(), total_s, infer_s)
            self._own["successes"] += 1
            self._own["bytes_in"] += bytes_in
            self._own["bytes_out"] += bytes_out

    def failed(self, code: str) -> None:
        with self._lock:
            self._own["failures"][0, _CODES.index(code)] += 1

    def occupied(self, working: int, waiting: int) -> None:
        """How many are inside just now."""
        self._own["working"], self._own["waiting"] = working, waiting

    def snapshot(self) -> dict[str, object]:
        records = self._all()
        alive = records[[Path(f"/proc/{pid}").exists() for pid in records["pid"]]]
        failures = {
            code: int(count) for code, count in zip(_CODES, records["failures"].sum(axis=0), strict=True) if count
        }
        last = records["done"][records["done"]["at"] > 0]
        now = time.monotonic()
        memory = [_memory(int(pid)) for pid in alive["pid"]]
        return {
            "requests": int(records["requests"].sum()),
            "successes": int(records["successes"].sum()),
            "failures": failures,
            "rejected": failures.get(errors.Busy.code, 0),
            "inFlight": int(alive["working"].sum()),
            "waiting": int(alive["waiting"].sum()),
            "bytesIn": int(records["bytes_in"].sum()),
            "bytesOut": int(records["bytes_out"].sum()),
            "totalMs": spread(last["total_s"].tolist()),
            "inferMs": spread(last["infer_s"].tolist()),
            "imagesPerMinute": int((now - last["at"] <= _MINUTE_S).sum()),
            "uptimeS": round(now - float(records["began"].min()), 1),
            "memoryBytes": sum(now for now, _ in memory),
            "memoryPeakBytes": sum(peak for _, peak in memory),
            "processes": len(alive),
        }

    def _all(self) -> np.ndarray:
        if self._folder is None:
            return self._own.copy()
        files = [file.read_bytes() for file in self._folder.glob("*.stats")]
        return np.concatenate([np.frombuffer(data, _RECORD) for data in files if len(data) == _RECORD.itemsize])


def _memory(pid: int) -> tuple[int, int]:
    """Resident bytes of a process now and at its peak; nothing when it has just ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0, 0
    sizes = {name: value for name, _, value in (line.partition(":") for line in lines)}
    now, peak = (int(sizes.get(name, "0 kB").split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    return now, peak


def spread(seconds: Sequence[float]) -> dict[str, float | None]:
    """Milliseconds: the average, and the values that half, 95 % and 99 % stay below or meet; None without any."""
    if not seconds:
        return dict.fromkeys(("average", "p50", "p95", "p99"))
    ordered = sorted(seconds)
    ranks = {f"p{share}": ordered[-(-len(ordered) * share // 100) - 1] for share in (50, 95, 99)}
    return {name: round(value * 1000, 1) for name, value in {"average": sum(ordered) / len(ordered), **ranks}.items()}
