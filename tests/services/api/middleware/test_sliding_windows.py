"""Sliding windows: the counts in Redis and in memory are the same, and neither counts what it refuses."""

import threading
import time
from collections import Counter as Tally
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from services.api.middleware import sliding_windows
from services.api.middleware.sliding_windows import Counter, MemoryCounter, Verdict, Window

Count = Callable[[Sequence[Window]], Verdict]


@pytest.fixture(params=["redis", "memory"])
def count(request: pytest.FixtureRequest, redis_url: str) -> Count:
    if request.param == "memory":
        return MemoryCounter().count
    counter = Counter(redis_url)
    return lambda windows: counter.count(windows, ())


def _used(verdict: Verdict) -> list[int]:
    return [count.used for count in verdict.counts]


def test_a_call_counts_in_all_its_windows_or_in_none(count: Count) -> None:
    wide, narrow = Window("wide", 5, 60), Window("narrow", 1, 60)
    assert (_used(count([wide, narrow])), _used(count([wide]))) == ([1, 1], [2])
    for _ in range(9):
        verdict = count([wide, narrow])
        assert (verdict.allowed, _used(verdict)) == (False, [2, 1])
    for used in (3, 4, 5):
        assert _used(count([wide])) == [used]
    assert not count([wide, Window("other", 1, 60)]).allowed
    assert _used(count([Window("other", 1, 60)])) == [1]


def test_the_wait_ends_when_the_next_call_passes(count: Count) -> None:
    window = Window("w", 2, 1)
    assert count([window]).allowed
    time.sleep(0.4)
    assert count([window]).allowed
    (full,) = count([window]).counts
    assert 0 < full.next_s <= 0.6
    time.sleep(full.next_s + 0.01)
    assert _used(count([window])) == [2]
    assert not count([window]).allowed


def test_a_lowered_limit_waits_for_the_call_that_decides(count: Count) -> None:
    count([Window("w", 3, 60)])
    time.sleep(0.2)
    count([Window("w", 3, 60)])
    (full,) = count([Window("w", 1, 60)]).counts
    assert (full.used, full.next_s > 59.9) == (2, True)  # the newer of the two has to leave


def test_concurrent_calls_share_exact_counts(count: Count) -> None:
    windows = [Window("general", 30, 60), Window("uploads", 7, 60)]
    with ThreadPoolExecutor(12) as callers:
        verdicts = list(callers.map(count, [windows] * 60))
    assert Tally(verdict.allowed for verdict in verdicts) == {True: 7, False: 53}
    assert _used(count(windows[:1])) == [8]


def test_a_silent_client_leaves_nothing_behind(redis_url: str) -> None:
    Counter(redis_url).count([Window("w", 2, 1)], ())
    with redis.Redis.from_url(redis_url) as client:
        assert client.ttl("w") == 1
        time.sleep(1.1)
        assert client.keys() == []


def test_memory_holds_a_bounded_number_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sliding_windows, "MAX_IN_MEMORY", 3)
    counter = MemoryCounter()
    for key in ("a", "b", "c", "a", "d"):
        counter.count([Window(key, 1, 60)])
    assert not counter.count([Window("a", 1, 60)]).allowed
    assert counter.count([Window("b", 1, 60)]).allowed  # silent longest, and so forgotten


def test_while_redis_is_down_one_call_at_a_time_looks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sliding_windows, "RETRY_S", 0.2)
    counter = Counter("redis://127.0.0.1:1/0")
    asked: list[str] = []
    monkeypatch.setattr(counter, "_script", _unavailable(asked))
    alone = [Window("w", 9, 60)]
    for _ in range(3):
        assert counter.count(alone, alone).allowed
    assert len(asked) == 1
    time.sleep(0.25)
    with ThreadPoolExecutor(4) as callers:
        list(callers.map(lambda _: counter.count(alone, alone), range(4)))
    assert len(asked) == 2


def _unavailable(asked: list[str]) -> Callable[..., None]:
    def ask(**_: object) -> None:
        asked.append(threading.current_thread().name)
        raise redis.ConnectionError

    return ask


def test_a_call_may_count_as_several_and_waits_until_all_of_them_fit(count: Count) -> None:
    count([Window("w", 5, 60)])
    time.sleep(0.2)
    assert _used(count([Window("w", 5, 60, cost=3)])) == [4]
    refused = count([Window("w", 5, 60, cost=3)])
    assert (refused.allowed, _used(refused)) == (False, [4])
    assert refused.counts[0].next_s > 59.9  # the first call alone would not make room
    assert 59 < count([Window("w", 5, 60, cost=2)]).counts[0].next_s < 59.9
    assert _used(count([Window("w", 5, 60, cost=0)])) == [4]


def test_a_call_that_costs_more_than_the_window_passes_once_it_is_empty_and_then_fills_it_for_longer(
    count: Count,
) -> None:
    large = Window("w", 2, 1, cost=5)
    assert count([large]).allowed
    verdict = count([Window("w", 2, 1)])
    assert (verdict.allowed, _used(verdict)) == (False, [5])
    assert 1.5 < verdict.counts[0].next_s <= 2
    assert 2.5 < count([large]).counts[0].next_s <= 3
    time.sleep(2.05)
    assert _used(count([Window("w", 2, 1)])) == [2]  # with the fifth, which counts now
    assert not count([Window("w", 2, 1)]).allowed
