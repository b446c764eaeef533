"""The gate holds: slots, places, deadlines, and the time it tells people to come back at."""

import threading
import time
from collections.abc import Callable

import pytest

from services.rembg.gate import Gate
from shared.errors import Busy


def test_no_more_work_than_slots_at_once() -> None:
    gate, most, lock = Gate(slots=2, line=8), 0, threading.Lock()

    def work() -> None:
        nonlocal most
        with gate.place(), gate.slot(10):
            with lock:
                most = max(most, gate.working)
            time.sleep(0.01)

    _together([work] * 8)
    assert most == 2
    assert (gate.working, gate.waiting) == (0, 0)


def test_one_more_than_slots_and_line_is_refused_at_once() -> None:
    gate = Gate(slots=1, line=1)
    with gate.place(), gate.place(), pytest.raises(Busy), gate.place():
        pass
    with gate.place():  # what left has made room
        pass


def test_who_waits_past_the_deadline_is_refused() -> None:
    gate = Gate(slots=1, line=1)
    with gate.slot(1), pytest.raises(Busy), gate.slot(0.01):
        pass
    with gate.slot(0.01) as waited_s:
        assert waited_s < 0.01


def test_a_failure_gives_its_slot_back() -> None:
    gate = Gate(slots=1, line=0)
    with pytest.raises(ZeroDivisionError), gate.place(), gate.slot(1):
        _ = 1 / 0
    assert (gate.working, gate.waiting) == (0, 0)


def test_retry_after_grows_with_the_line() -> None:
    retries = []
    for line in (0, 9):
        gate = Gate(slots=1, line=line)
        places = [gate.place() for _ in range(1 + line)]
        for place in places:
            place.__enter__()
        with pytest.raises(Busy) as refused, gate.place():
            pass
        retries.append(refused.value.retry_after_s)
    assert retries == [1, 10]  # a second each, as long as nothing was measured


def _together(jobs: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
