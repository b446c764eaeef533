"""Health: named checks with a deadline, and three answers made of them.

Independent of Flask, as the worker serves the same answers without it.

- live: the process runs; checks nothing else.
- ready: it may get traffic, unless it is starting or draining, or a critical check has failed three times in a row.
  Any other failing check shows as `degraded`: removing all instances for a shared dependency would not help.
- detailed: everything, for operators.

Checks run in the background and are cached for two seconds, so a hundred requests a second cost one check, and each is
answered within 100 ms even while a dependency hangs.
"""

import os
import resource
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hmac import compare_digest
from pathlib import Path
from typing import Any

FRESH_S = 2.0  # how long an outcome is cached
ANSWER_S = 0.08  # how long a request waits for a new outcome before it gets the last one
STRIKES = 3  # failures in a row until a critical check makes the process not ready
_FORWARDING = ("Forwarded", "Via", "X-Real-Ip", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto")
_PROC = Path("/proc")

Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Check:
    """`probe` returns facts for operators, or raises; one that hangs fails, and is not called again meanwhile."""

    name: str
    probe: Callable[[], Facts]
    critical: bool = False


@dataclass(slots=True)
class _Outcome:
    ok: bool = True
    strikes: int = 0
    facts: Facts = field(default_factory=dict)
    at: float = float("-inf")  # when it was last started or set
    running: "Future[None] | None" = None

    def failed(self) -> None:
        self.ok, self.strikes, self.at = False, self.strikes + 1, time.monotonic()


class Health:
    """The state of one process and of what it depends on."""

    def __init__(self, service: str, checks: tuple[Check, ...] = (), facts: Callable[[], Facts] = dict) -> None:
        self.service = service
        self._checks = checks
        self._facts = facts
        self._state = "starting"
        self._started = time.monotonic()
        self._outcomes = {check.name: _Outcome() for check in checks}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(max_workers=max(1, len(checks)), thread_name_prefix="health")

    def mark_ready(self) -> None:
        self._state = "ready"

    def mark_draining(self) -> None:
        self._state = "draining"

    def live(self) -> dict[str, object]:
        return {"status": "ok", "timestamp": timestamp()}

    def ready(self) -> tuple[bool, dict[str, object]]:
        """(may get traffic, the response body)."""
        outcomes = self._fresh()
        lost = any(c.critical and outcomes[c.name].strikes >= STRIKES for c in self._checks)
        fit = self._state == "ready" and not lost
        healthy = all(outcome.ok for outcome in outcomes.values())
        status = ("unavailable" if lost else self._state) if not fit else ("ok" if healthy else "degraded")
        checks = {name: "ok" if outcome.ok else "down" for name, outcome in outcomes.items()}
        return fit, {"status": status, "timestamp": timestamp(), "checks": checks}

    def up(self) -> dict[str, bool]:
        """Each check and whether it succeeds, for metrics."""
        return {name: outcome.ok for name, outcome in self._fresh().items()}

    def detailed(self) -> dict[str, object]:
        """Everything for operators; contains no address and no secret."""
        _, verdict = self.ready()
        parts = {
            name: {"status": "ok" if outcome.ok else "down", **outcome.facts}
            for name, outcome in self._outcomes.items()
        }
        return {
            "status": verdict["status"],
            "timestamp": verdict["timestamp"],
            "service": self.service,
            "uptime": round(time.monotonic() - self._started, 1),
            "memory": memory(),
            "cpu": {"loadAverage": list(os.getloadavg()), "cores": os.cpu_count()},
            **parts,
            **self._facts(),
        }

    def _fresh(self) -> dict[str, _Outcome]:
        pending = [self._refresh(check) for check in self._checks]
        deadline = time.monotonic() + ANSWER_S
        for future in filter(None, pending):
            try:
                future.result(max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                break
        return self._outcomes

    def _refresh(self, check: Check) -> "Future[None] | None":
        outcome = self._outcomes[check.name]
        with self._lock:
            fresh = time.monotonic() - outcome.at < FRESH_S
            if outcome.running and not outcome.running.done():
                if not fresh:  # it hangs, which counts as a failure every two seconds
                    outcome.failed()
                    outcome.facts = {"error": "TimeoutError"}
                return outcome.running
            if fresh:
                return None
            outcome.at = time.monotonic()
            outcome.running = self._pool.submit(_run, check, outcome)
            return outcome.running


def _run(check: Check, outcome: _Outcome) -> None:
    start = time.monotonic()
    try:
        facts: dict[str, Any] = dict(check.probe())
        outcome.ok, outcome.strikes, outcome.at = True, 0, time.monotonic()
    except Exception as error:  # noqa: BLE001 - any error means down; its text may hold a secret, so only the class is kept
        facts = {"error": type(error).__name__}
        outcome.failed()
    outcome.facts = {"latency": round((time.monotonic() - start) * 1000, 1), **facts}


def timestamp() -> str:
    """Now, RFC 3339 with milliseconds and Z."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def memory() -> dict[str, object]:
    """Bytes. `used`/`total` are this process' resident and virtual size, `external` what it has swapped out.

    Only Linux tells all of it. Elsewhere the resident size is its peak, and what is unknown is 0.
    """
    own, machine = _proc("self/status"), _proc("meminfo")
    total, free = machine.get("MemTotal", 0), machine.get("MemAvailable", 0)
    resident = own.get("VmRSS") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in bytes on macOS
    return {
        "used": resident,
        "total": own.get("VmSize", 0),
        "rss": resident,
        "external": own.get("VmSwap", 0),
        "system": {"total": total, "free": free, "usedPercent": round(100 * (1 - free / total), 1) if total else 0},
    }


def _proc(path: str) -> dict[str, int]:
    try:
        lines = [line.split() for line in (_PROC / path).read_text().splitlines()]
    except FileNotFoundError:
        return {}
    return {words[0].rstrip(":"): int(words[1]) * 1024 for words in lines if len(words) == 3 and words[2] == "kB"}


def may_operate(peer: str | None, header: Callable[[str], str | None], token: str | None) -> bool:
    """Whether a caller may see operators' pages: with the token, or from this machine without a proxy."""
    given = header("Authorization") or ""
    if token and compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    forwarded = any(header(name) is not None for name in _FORWARDING)
    return peer is not None and (peer == "::1" or peer.startswith("127.")) and not forwarded
