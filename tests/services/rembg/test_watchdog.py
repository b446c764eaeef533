"""The watchdog: a stuck process ends, whoever waits is told first, and idle memory goes back."""

import threading
import time

import pytest

from services.rembg import watchdog
from services.rembg.admission import Gate
from services.rembg.stats import Stats
from shared.errors import Unavailable
from shared.health import Health

WAIT_S = 10


def test_stuck_work_ends_the_process_after_telling_those_who_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "_LOOK_S", 0.01)
    monkeypatch.setattr(watchdog, "_FAREWELL_S", 0.05)
    gate, health = Gate(slots=1, line=1), Health("rembg")
    ended: list[int] = []
    health.mark_ready()
    gate.enter(1)  # and never leaves
    watcher = threading.Thread(target=watchdog.watch, args=(gate, Stats(), health, 0.05, ended.append))
    watcher.start()
    with pytest.raises(Unavailable):
        gate.enter(WAIT_S)
    watcher.join(WAIT_S)
    assert ended == [70]
    assert not health.ready()[0]


def test_work_that_ends_in_time_is_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "_LOOK_S", 0.01)
    gate = Gate(slots=1, line=0)
    ended: list[int] = []
    threading.Thread(
        target=watchdog.watch, args=(gate, Stats(), Health("rembg"), 0.5, ended.append), daemon=True
    ).start()
    for _ in range(5):
        turn = gate.enter(1)
        time.sleep(0.02)
        gate.leave(turn)
    assert ended == []
