"""The watchdog ends a stuck process after refusing the callers who wait."""

import threading
import time
from collections.abc import Callable

import pytest

from services.rembg import watchdog
from services.rembg.admission import AdmissionQueue
from shared.errors import Unavailable
from shared.health import Health

WAIT_S = 10


def test_stuck_work_ends_the_process_after_the_waiting_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "_INTERVAL_S", 0.01)
    monkeypatch.setattr(watchdog, "_GRACE_S", 0.05)
    queue, health = AdmissionQueue(slots=1, max_waiting=1), Health("rembg")
    ended: list[int] = []
    health.mark_ready()
    queue.acquire(1)  # never released
    watcher = threading.Thread(target=watchdog.watch, args=(queue, health, 0.05, _nothing, ended.append))
    watcher.start()
    with pytest.raises(Unavailable):
        queue.acquire(WAIT_S)
    watcher.join(WAIT_S)
    assert ended == [70]
    assert not health.ready()[0]


def test_work_that_ends_in_time_does_not_end_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "_INTERVAL_S", 0.01)
    queue = AdmissionQueue(slots=1, max_waiting=0)
    ended: list[int] = []
    _watch(queue, _nothing, ended.append, stuck_s=0.5)
    for _ in range(5):
        slot = queue.acquire(1)
        time.sleep(0.02)
        queue.release(slot)
    assert ended == []


def test_memory_is_given_back_once_after_work_and_never_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "_INTERVAL_S", 0.01)
    queue = AdmissionQueue(slots=1, max_waiting=0)
    given = threading.Semaphore(0)
    slot = queue.acquire(1)
    _watch(queue, given.release)
    assert not given.acquire(timeout=0.2)
    queue.release(slot)
    assert given.acquire(timeout=WAIT_S)
    assert not given.acquire(timeout=0.2)
    queue.release(queue.acquire(1))
    assert given.acquire(timeout=WAIT_S)


def _watch(
    queue: AdmissionQueue,
    give_back: Callable[[], None],
    end: Callable[[int], None] = lambda _: None,
    stuck_s: float = WAIT_S,
) -> None:
    arguments = (queue, Health("rembg"), stuck_s, give_back, end)
    threading.Thread(target=watchdog.watch, args=arguments, daemon=True).start()


def _nothing() -> None:
    """Nothing to give back."""
