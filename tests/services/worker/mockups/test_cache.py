"""The cache keeps what was used last, within its bytes and its age."""

import time

import pytest

from services.worker.mockups.cache import Cache


def test_it_keeps_the_values_used_last_within_its_bytes() -> None:
    kept: Cache[str] = Cache(max_bytes=100, max_age_s=60)
    for name in "abc":
        kept.put(name, name, 40)
        kept.get("a")
    assert [kept.get(name) for name in "abc"] == ["a", None, "c"]
    assert kept.bytes == 80


def test_a_value_that_is_put_again_counts_once() -> None:
    kept: Cache[int] = Cache(max_bytes=100, max_age_s=60)
    for size in (60, 70, 10):
        kept.put("a", size, size)
    assert (kept.get("a"), kept.bytes) == (10, 10)


def test_a_value_larger_than_the_cache_is_not_kept_and_displaces_nothing() -> None:
    kept: Cache[int] = Cache(max_bytes=100, max_age_s=60)
    kept.put("a", 1, 100)
    kept.put("b", 2, 101)
    assert (kept.get("a"), kept.get("b"), kept.bytes) == (1, None, 100)


def test_a_value_is_forgotten_at_its_age_and_dropped_when_the_cache_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: Cache[int] = Cache(max_bytes=100, max_age_s=60)
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    kept.put("a", 1, 10)
    monkeypatch.setattr(time, "monotonic", lambda: 1060.0)
    kept.put("b", 2, 10)
    assert kept.get("a") == 1
    monkeypatch.setattr(time, "monotonic", lambda: 1061.0)
    assert (kept.get("a"), kept.get("b"), kept.bytes) == (None, 2, 20)
    kept.expire()
    assert (kept.get("b"), kept.bytes) == (2, 10)
