"""A cache of bytes in two layers, this process and Redis, that computes each value once however many ask for it.

    fresh here ──────────────────────────────────────────────────────────> it
    expired here ──> the first to ask fetches, the others get the expired ─> it
    not here ──────> the first to ask fetches, the others wait ────────────> it
                       │ fetches: from Redis, else computed by one of all processes, which stores it there

Redis is optional: it is not asked for a while after it failed, and what it refuses is computed. The broker's wake-ups
share its memory, so a process stores a bounded number of bytes there, each value for an hour.
Keys hold whatever their value depends on, above all the version of what it was made from: nothing is ever deleted.
"""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as WaitedTooLong
from dataclasses import dataclass
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared import errors, log, metrics, timeouts

LOCAL_S, SHARED_S = 300, 3600
STALE_S = 3600  # how long after it expired a value may still be given while another is fetched, or cannot be
RETRY_S = 5  # between two attempts to reach a Redis that is down
MAX_LOCAL_BYTES = 32 << 20
MAX_SHARED_BYTES = 16 << 20  # stored by this process in the time that Redis keeps them
_OVERHEAD = 300  # bytes of an entry besides its value and key
_LOCK_MS = 3000  # no value takes longer to compute
_LOOKS_S = (0.025, 0.05, 0.1, 0.2, 0.4)  # for what another process computes; then this one does
_log = log.get("cache")


@dataclass(frozen=True, slots=True)
class _Entry:
    value: bytes
    expires: float

    def usable(self, now: float) -> bool:
        return now < self.expires + STALE_S


class Cache:
    """Thread-safe. `name` is the prefix of its keys in Redis, and its label in metrics."""

    def __init__(self, name: str, redis_url: str) -> None:
        self.name = name
        self._shared = _Shared(redis_url)
        self._entries: dict[str, _Entry] = {}  # the oldest first
        self._bytes = 0
        self._fetches: dict[str, Future[bytes]] = {}
        self._lock = threading.Lock()

    def get(self, key: str, compute: Callable[[], bytes], *, shared: bool = True) -> bytes:
        """The value of the key; `shared`: other processes may use it. Raises what `compute` raises, or errors.Busy."""
        entry, now = self._entries.get(key), time.monotonic()
        if entry and now < entry.expires:
            self._count("local")
            return entry.value
        stale = entry.value if entry and entry.usable(now) else None
        with self._lock:
            fetch = self._fetches.get(key)
            leads = fetch is None
            if fetch is None:
                fetch = self._fetches[key] = Future()
        if leads:
            self._fetch(fetch, key, compute, shared)
            return self._result(fetch, stale)
        self._count("local")
        return self._result(fetch, None) if stale is None else stale

    def _fetch(self, fetch: "Future[bytes]", key: str, compute: Callable[[], bytes], shared: bool) -> None:
        """Complete `fetch` with the value or the failure."""
        try:
            value = self._from_others(key, compute) if shared else self._computed(compute)
            self._keep(key, value)
            fetch.set_result(value)
        except BaseException as error:  # noqa: BLE001 - it reaches all who wait
            fetch.set_exception(error)
        finally:
            with self._lock:
                del self._fetches[key]

    def _result(self, fetch: "Future[bytes]", stale: bytes | None) -> bytes:
        try:
            return fetch.result(timeouts.CACHE_WAIT_S)
        except WaitedTooLong:
            raise errors.Busy from None
        except errors.Failure as failure:
            if stale is None or failure.status < 500:
                raise
            return stale

    def _from_others(self, key: str, compute: Callable[[], bytes]) -> bytes:
        """From Redis, or computed and stored there unless another process does so now."""
        name = f"stolentee:{self.name}:{key}"
        value = self._shared.find(name)
        if value is None and not self._shared.lock(name):
            value = self._shared.await_other(name)
        if value is not None:
            self._count("shared")
            return value
        try:
            value = self._computed(compute)
        except BaseException:
            self._shared.unlock(name)
            raise
        self._shared.store(name, value)
        return value

    def _computed(self, compute: Callable[[], bytes]) -> bytes:
        self._count("computed")
        return compute()

    def _keep(self, key: str, value: bytes) -> None:
        expires = time.monotonic() + LOCAL_S * random.uniform(0.9, 1)  # noqa: S311 - so that not all expire together
        with self._lock:
            self._drop(key)
            self._entries[key] = _Entry(value, expires)
            self._bytes += _size(key, value)
            while self._bytes > MAX_LOCAL_BYTES:
                self._drop(next(iter(self._entries)))

    def _drop(self, key: str) -> None:
        if entry := self._entries.pop(key, None):
            self._bytes -= _size(key, entry.value)

    def _count(self, layer: str) -> None:
        metrics.CACHE_READS.labels(self.name, layer).inc()


class _Shared:
    """The layer in Redis, which behaves as if empty while it is down."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(
            url,
            socket_timeout=timeouts.REDIS_S,
            socket_connect_timeout=timeouts.REDIS_S,
            retry=Retry(NoBackoff(), 0),  # elsewhere the library's default takes four seconds for a dead server
        )
        self._down_until = 0.0
        self._stored, self._forgotten_at = 0, 0.0

    def find(self, name: str) -> bytes | None:
        found: bytes | None = self._ask(lambda: self._redis.get(name))
        return found

    def lock(self, name: str) -> bool:
        """Whether this process is to compute the value: as well if Redis is down."""
        return bool(self._ask(lambda: self._redis.set(f"{name}:lock", 1, nx=True, px=_LOCK_MS))) or self._is_down()

    def unlock(self, name: str) -> None:
        """After a failure. A value that was stored needs none: it is found first."""
        self._ask(lambda: self._redis.delete(f"{name}:lock"))

    def await_other(self, name: str) -> bytes | None:
        """What another process stores within a second."""
        for pause_s in _LOOKS_S:
            time.sleep(pause_s)
            if (value := self.find(name)) is not None:
                return value
        return None

    def store(self, name: str, value: bytes) -> None:
        now = time.monotonic()
        if now >= self._forgotten_at:
            self._stored, self._forgotten_at = 0, now + SHARED_S
        self._stored += _size(name, value)
        if self._stored <= MAX_SHARED_BYTES:
            self._ask(lambda: self._redis.set(name, value, ex=SHARED_S))

    def _ask(self, command: Callable[[], Any]) -> Any:
        if self._is_down():
            return None
        try:
            return command()
        except redis.RedisError as error:
            self._down_until = time.monotonic() + RETRY_S
            _log.warning("redis_unavailable", error=type(error).__name__)
            return None

    def _is_down(self) -> bool:
        return time.monotonic() < self._down_until


def _size(key: str, value: bytes) -> int:
    return len(key) + len(value) + _OVERHEAD
