"""The watchdog ends a stuck process after refusing the callers who wait."""

import threading
import time

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
    watcher = threading.Thread(target=watchdog.watch, args=(queue, health, 0.05, ended.append))
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
    threading.Thread(target=watchdog.watch, args=(queue, Health("rembg"), 0.5, ended.append), daemon=True).start()
    for _ in range(5):
        slot = queue.acquire(1)
        time.sleep(0.02)
        queue.release(slot)
    assert ended == []
