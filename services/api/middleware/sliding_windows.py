"""Sliding windows: a call counts in each of its windows, or in none if one of them is full.

One script does so in Redis, so instances and concurrent calls share exact counts. While Redis is down, each process
counts in its memory.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared import log, timeouts

RETRY_S = 5  # between two attempts to reach a Redis that is down
MAX_IN_MEMORY = 20_000  # windows; the one that was silent longest is dropped
_US = 1_000_000
# Each window is a list of times in microseconds, the newest first.
_COUNT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local allowed = 1
for i, key in ipairs(KEYS) do
    local calls, since = tonumber(ARGV[3 * i - 2]), now - ARGV[3 * i - 1] * 1000000
    local oldest = redis.call('LINDEX', key, -1)
    while oldest and tonumber(oldest) <= since do
        redis.call('RPOP', key)
        oldest = redis.call('LINDEX', key, -1)
    end
    if redis.call('LLEN', key) + math.min(tonumber(ARGV[3 * i]), calls) > calls then allowed = 0 end
end
local report = {allowed}
for i, key in ipairs(KEYS) do
    local calls, seconds, cost = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
    if allowed == 1 then
        local before, turn = redis.call('LLEN', key), 0
        for at = before, before + cost - 1 do
            turn = math.floor(at / calls)
            redis.call('LPUSH', key, string.format('%.0f', now + turn * seconds * 1000000))
        end
        redis.call('EXPIRE', key, seconds * (turn + 1))
    end
    local used = redis.call('LLEN', key)
    local last = math.min(used, math.max(1, calls - cost + 1))
    local next = used > 0 and redis.call('LINDEX', key, last - 1) + seconds * 1000000 - now or 0
    table.insert(report, used)
    table.insert(report, next)
end
return report
"""
_log = log.get("rate_limits")


@dataclass(frozen=True, slots=True)
class Window:
    """At most `calls` in any stretch of `seconds`; `key` names whose.

    This call counts as `cost` calls; one of none only looks. If that is more than `calls`, it passes once the window is
    empty, and what is over counts when the window would take it: so the next call waits for longer.
    """

    key: str
    calls: int
    seconds: int
    cost: int = 1


@dataclass(frozen=True, slots=True)
class Count:
    """A window after a call: the calls in it, and the seconds until enough leave it for one more of the same cost.

    Until the oldest leaves, if there is room already.
    """

    window: Window
    used: int
    next_s: float


@dataclass(frozen=True, slots=True)
class Verdict:
    allowed: bool
    counts: Sequence[Count]


class Counter:
    """Thread-safe."""

    def __init__(self, redis_url: str) -> None:
        retry = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))  # the server may have been restarted
        self._redis = redis.Redis.from_url(
            redis_url, socket_timeout=timeouts.REDIS_S, socket_connect_timeout=timeouts.REDIS_S, retry=retry
        )
        self._script = self._redis.register_script(_COUNT)
        self._memory = MemoryCounter()
        self._retry_at = 0.0  # 0: Redis is up
        self._lock = threading.Lock()

    def count(self, shared: Sequence[Window], alone: Sequence[Window]) -> Verdict:
        """Count a call in `shared`, or in `alone` while Redis is down."""
        if self._may_ask():
            try:
                verdict = self._ask(shared)
            except redis.RedisError as error:
                self._lose(error)
            else:
                self._retry_at = 0.0
                return verdict
        return self._memory.count(alone)

    def take_back(self, windows: Sequence[Window]) -> None:
        """Take a call out of windows that counted it. While Redis is down it stays in those of Redis."""
        if self._may_ask():
            try:
                with self._redis.pipeline(transaction=False) as pipeline:
                    for window in windows:
                        pipeline.lpop(window.key, window.cost)
                    pipeline.execute()
            except redis.RedisError as error:
                self._lose(error)
            else:
                return
        self._memory.take_back(windows)

    def _ask(self, windows: Sequence[Window]) -> Verdict:
        limits = [number for window in windows for number in (window.calls, window.seconds, window.cost)]
        allowed, *report = self._script(keys=[window.key for window in windows], args=limits)
        counts = zip(windows, report[::2], report[1::2], strict=True)
        return Verdict(bool(allowed), [Count(window, used, left / _US) for window, used, left in counts])

    def _may_ask(self) -> bool:
        """While Redis is down, for one call at a time: each may wait as long as its timeouts."""
        with self._lock:
            if not self._retry_at:
                return True
            due = time.monotonic() >= self._retry_at
            if due:
                self._retry_at = time.monotonic() + RETRY_S
            return due

    def _lose(self, error: redis.RedisError) -> None:
        if not self._retry_at:
            _log.warning("redis_unavailable", error=type(error).__name__)
        self._retry_at = time.monotonic() + RETRY_S


class MemoryCounter:
    """The counts of one process. Thread-safe."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def count(self, windows: Sequence[Window]) -> Verdict:
        now = time.monotonic()
        with self._lock:
            recent = [self._recent(window, now) for window in windows]
            counted = list(zip(windows, recent, strict=True))
            allowed = all(len(calls) + min(window.cost, window.calls) <= window.calls for window, calls in counted)
            if allowed:
                for window, calls in counted:
                    turns = (at // window.calls for at in range(len(calls), len(calls) + window.cost))
                    calls.extend([now + turn * window.seconds for turn in turns])
            return Verdict(allowed, [_count(window, calls, now) for window, calls in counted])

    def take_back(self, windows: Sequence[Window]) -> None:
        with self._lock:
            for window in windows:
                calls = self._calls.get(window.key, deque())
                for _ in range(min(window.cost, len(calls))):
                    calls.pop()

    def _recent(self, window: Window, now: float) -> deque[float]:
        """The times of the window's calls, the oldest first."""
        calls = self._calls.setdefault(window.key, deque())
        self._calls.move_to_end(window.key)
        while calls and calls[0] <= now - window.seconds:
            calls.popleft()
        if len(self._calls) > MAX_IN_MEMORY:
            self._calls.popitem(last=False)
        return calls


def _count(window: Window, calls: deque[float], now: float) -> Count:
    last = min(len(calls), max(1, window.calls - window.cost + 1))
    next_s = calls[-last] + window.seconds - now if calls else 0.0
    return Count(window, len(calls), next_s)
