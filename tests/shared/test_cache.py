"""Each value is computed once, whoever asks, and a cache without Redis only shares less."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from deploy.local.supervisor import await_ready
from deploy.local.valkey_server import Valkey
from shared import cache as caching
from shared import errors
from shared.cache import Cache

NOWHERE = "redis://127.0.0.1:1/0"


class Source:
    """Counts how often its value is computed; `open` lets computations end."""

    def __init__(self, value: bytes = b"value") -> None:
        self.value = value
        self.failure: Exception | None = None
        self.computed = 0
        self.open = threading.Event()
        self.open.set()
        self._lock = threading.Lock()

    def __call__(self) -> bytes:
        with self._lock:
            self.computed += 1
        assert self.open.wait(10)
        if self.failure:
            raise self.failure
        return self.value


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the cache's time on; what waits still waits in real time."""
    moved = [0.0]
    real = time.monotonic

    class Clock:
        sleep = staticmethod(time.sleep)

        @staticmethod
        def monotonic() -> float:
            return real() + moved[0]

    monkeypatch.setattr(caching, "time", Clock)

    def move(seconds: float) -> None:
        moved[0] += seconds

    return move


def _herd(cache: Cache, source: Source, count: int, key: str = "key") -> list[bytes]:
    """What `count` threads get that ask while the first still computes."""
    source.open.clear()
    with ThreadPoolExecutor(count) as threads:
        asking = [threads.submit(cache.get, key, source) for _ in range(count)]
        while not source.computed:
            time.sleep(0.001)
        source.open.set()
        return [future.result(10) for future in asking]


def test_a_value_is_computed_once_and_then_given_from_memory(redis_url: str) -> None:
    cache, source = Cache("test", redis_url), Source()
    assert [cache.get("key", source) for _ in range(3)] == [b"value"] * 3
    assert source.computed == 1
    assert cache.get("other", source) == b"value"
    assert source.computed == 2


def test_a_herd_of_500_on_a_cold_key_computes_once(redis_url: str) -> None:
    source = Source()
    assert _herd(Cache("test", redis_url), source, 500) == [b"value"] * 500
    assert source.computed == 1


def test_two_processes_compute_once_between_them(redis_url: str) -> None:
    caches, source = [Cache("test", redis_url) for _ in range(2)], Source()
    source.open.clear()
    with ThreadPoolExecutor(50) as threads:
        asking = [threads.submit(caches[number % 2].get, "key", source) for number in range(50)]
        threading.Timer(0.1, source.open.set).start()
        assert {future.result(10) for future in asking} == {b"value"}
    assert source.computed == 1


def test_a_value_that_another_process_stored_is_found_with_one_command(redis_url: str) -> None:
    source = Source(b"\x00\xff")
    Cache("test", redis_url).get("key", source)
    with redis.Redis.from_url(redis_url) as client:
        client.config_resetstat()
        assert Cache("test", redis_url).get("key", source) == b"\x00\xff"
        commands = client.info("commandstats")
    assert source.computed == 1
    assert commands["cmdstat_get"]["calls"] == 1
    assert "cmdstat_set" not in commands


def test_commands_of_a_computed_value_are_three(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.config_resetstat()
        cache, source = Cache("test", redis_url), Source()
        for _ in range(10):
            cache.get("key", source)
        stats = client.info("commandstats")
        assert {name: stats[name]["calls"] for name in ("cmdstat_get", "cmdstat_set")} == {
            "cmdstat_get": 1,
            "cmdstat_set": 2,
        }
        assert 0 < client.ttl("stolentee:test:key") <= caching.SHARED_S
        assert 0 < client.pttl("stolentee:test:key:lock") <= 3000


def test_what_is_not_shared_costs_no_command(redis_url: str) -> None:
    cache, source = Cache("test", redis_url), Source()
    assert cache.get("key", source, shared=False) == b"value"
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0


def test_a_redis_that_is_down_is_asked_once_in_a_while_and_values_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = []

    def refuse(_: redis.Connection) -> None:
        attempts.append(1)
        raise ConnectionRefusedError

    monkeypatch.setattr(redis.Connection, "_connect", refuse)
    cache, source = Cache("test", NOWHERE), Source()
    for number in range(200):
        assert cache.get(str(number), source) == b"value"
    assert (source.computed, len(attempts)) == (200, 1)


def test_nothing_fails_when_redis_goes_in_the_middle(redis_server: Valkey, redis_url: str) -> None:
    cache, source = Cache("test", redis_url), Source()
    with ThreadPoolExecutor(16) as threads:
        asking = [threads.submit(cache.get, f"{number // 2}", source) for number in range(4000)]
        redis_server.stop()
        try:
            assert {future.result(30) for future in asking} == {b"value"}
        finally:
            redis_server.start()
            await_ready(redis_server)


def test_redis_is_used_again_once_it_is_back(
    redis_server: Valkey, redis_url: str, clock: Callable[[float], None]
) -> None:
    cache, source = Cache("test", redis_url), Source()
    redis_server.stop()
    try:
        assert cache.get("during", source) == b"value"
    finally:
        redis_server.start()
        await_ready(redis_server)
    clock(caching.RETRY_S)
    cache.get("after", source)
    with redis.Redis.from_url(redis_url) as client:
        assert client.get("stolentee:test:after") == b"value"
        assert client.get("stolentee:test:during") is None


def test_an_expired_value_is_given_to_all_but_the_one_who_fetches(clock: Callable[[float], None]) -> None:
    cache, source = Cache("test", NOWHERE), Source(b"old")
    cache.get("key", source)
    clock(caching.LOCAL_S)
    source.value = b"new"
    source.open.clear()
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(cache.get, "key", source)
        while source.computed < 2:
            time.sleep(0.001)
        assert [cache.get("key", source) for _ in range(5)] == [b"old"] * 5
        source.open.set()
        assert first.result(10) == b"new"
    assert cache.get("key", source) == b"new"
    assert source.computed == 2


def test_an_expired_value_outlives_the_database_by_an_hour(clock: Callable[[float], None]) -> None:
    cache, source = Cache("test", NOWHERE), Source()
    cache.get("key", source)
    source.failure = errors.Unavailable()
    clock(caching.LOCAL_S)
    assert cache.get("key", source) == b"value"
    clock(caching.STALE_S)
    with pytest.raises(errors.Unavailable):
        cache.get("key", source)


def test_what_is_gone_is_not_given_though_it_was_kept(clock: Callable[[float], None]) -> None:
    cache, source = Cache("test", NOWHERE), Source()
    cache.get("key", source)
    source.failure = errors.NotFound()
    clock(caching.LOCAL_S)
    with pytest.raises(errors.NotFound):
        cache.get("key", source)


def test_a_failure_reaches_all_who_wait_and_is_not_kept(redis_url: str) -> None:
    cache, source = Cache("test", redis_url), Source()
    source.failure = errors.NotFound()
    took = []
    for _ in range(3):
        began = time.monotonic()
        with pytest.raises(errors.NotFound):
            cache.get("key", source)
        took.append(time.monotonic() - began)
    assert min(took[1:]) < 0.5  # without waiting for a lock that nothing holds any more, which takes 0.8 s
    source.failure = None
    assert cache.get("key", source) == b"value"


def test_a_process_that_dies_while_it_computes_does_not_stop_the_others(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set("stolentee:test:key:lock", 1, px=3000)
    source = Source()
    assert Cache("test", redis_url).get("key", source) == b"value"
    assert source.computed == 1


def test_memory_and_what_is_stored_in_redis_are_bounded(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caching, "MAX_LOCAL_BYTES", 5000)
    monkeypatch.setattr(caching, "MAX_SHARED_BYTES", 9000)
    cache, source = Cache("test", redis_url), Source(b"x" * 1000)
    for number in range(20):
        cache.get(str(number), source)
    cache.get("19", source)  # still there
    assert source.computed == 20
    with redis.Redis.from_url(redis_url) as client:
        assert len([name for name in client.scan_iter() if not name.endswith(b":lock")]) == 6
    assert cache.get("0", source) == b"x" * 1000  # from Redis
    assert source.computed == 20
    cache.get("10", source)
    assert source.computed == 21


def test_a_herd_that_waits_too_long_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.timeouts.CACHE_WAIT_S", 0.05)
    cache, source = Cache("test", NOWHERE), Source()
    source.open.clear()
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(cache.get, "key", source)
        while not source.computed:
            time.sleep(0.001)
        with pytest.raises(errors.Busy):
            cache.get("key", source)
        source.open.set()
        assert first.result(10) == b"value"
