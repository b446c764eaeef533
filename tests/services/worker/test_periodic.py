"""Periodic tasks: what they survive, and how a lost one is noticed."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from services.worker import periodic
from services.worker.periodic import PeriodicTask
from shared import errors


@contextmanager
def _going(turn: Callable[[], object], tolerance_s: float = 60) -> Iterator[PeriodicTask]:
    running = PeriodicTask("rescuer", turn, 0.01, tolerance_s)
    running.start()
    try:
        yield running
    finally:
        running.stop()


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("error", [errors.Unavailable(), ValueError("a bug")])
def test_an_error_in_a_turn_does_not_stop_the_next(error: Exception) -> None:
    turns: list[None] = []

    def turn() -> None:
        turns.append(None)
        raise error

    with _going(turn):
        _until(lambda: len(turns) > 3)


def test_an_unavailable_service_makes_no_task_late() -> None:
    def turn() -> None:
        raise errors.Unavailable

    with _going(turn, tolerance_s=0.5) as running:
        time.sleep(0.8)
        assert not running.late


def test_a_task_that_always_fails_is_late_and_then_lost() -> None:
    with _going(lambda: 1 / 0, tolerance_s=0.5) as running:
        assert periodic.check([running]) == {}
        _until(lambda: running.late)
        with pytest.raises(RuntimeError, match="rescuer"):
            periodic.check([running])
        _until(lambda: running.lost)


def test_a_task_that_hangs_is_lost() -> None:
    free = threading.Event()
    with _going(free.wait, tolerance_s=0.2) as running:
        _until(lambda: running.lost)
        free.set()
        _until(lambda: not running.late)


def test_the_watch_ends_the_process_for_a_lost_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periodic, "LOOK_S", 0.05)
    ended = threading.Event()
    with _going(lambda: 1 / 0, tolerance_s=0.1) as lost, _going(lambda: None) as well:
        threading.Thread(target=periodic.watch, args=([well, lost], ended.set), daemon=True).start()
        assert ended.wait(10)


def test_after_a_freeze_the_watch_gives_each_task_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periodic, "LOOK_S", 0.2)
    ended = threading.Event()
    with _going(lambda: None) as frozen:
        threading.Thread(target=periodic.watch, args=([frozen], ended.set), daemon=True).start()
        for _ in range(3):
            frozen._alive_at -= 1_000  # as if the machine had slept; its next turn comes within a hundredth
            assert not ended.wait(0.4)


def test_a_rare_task_has_its_first_turn_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periodic, "FIRST_S", 0.01)
    turned = threading.Event()
    running = PeriodicTask("maintenance", turned.set, 3600, 60)
    running.start()
    assert turned.wait(10)
    running.stop()
