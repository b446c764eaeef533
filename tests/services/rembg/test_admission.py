"""The gate holds: slots, places, deadlines, and the time it tells people to come back at."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from services.rembg.admission import Gate
from services.rembg.siblings import Seats
from shared.errors import Busy, Unavailable


def test_no_more_work_than_slots_at_once() -> None:
    gate, most, lock = Gate(slots=2, line=8), 0, threading.Lock()

    def work() -> None:
        nonlocal most
        with gate.place():
            turn = gate.enter(10)
            with lock:
                most = max(most, gate.working)
            time.sleep(0.01)
            gate.leave(turn)

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
    turn = gate.enter(1)
    with pytest.raises(Busy):
        gate.enter(0.01)
    gate.leave(turn)
    assert gate.enter(0.01).queued_s < 0.01


def test_only_the_first_inside_is_alone() -> None:
    gate = Gate(slots=2, line=0)
    first, second = gate.enter(1), gate.enter(1)
    assert (first.alone, second.alone) == (True, False)


def test_a_failure_gives_its_place_back() -> None:
    gate = Gate(slots=1, line=0)
    with pytest.raises(ZeroDivisionError), gate.place():
        _ = 1 / 0
    assert (gate.working, gate.waiting) == (0, 0)


def test_closing_tells_those_who_wait_and_lets_work_end() -> None:
    gate, told = Gate(slots=1, line=2), []
    turn = gate.enter(1)

    def wait() -> None:
        try:
            gate.enter(10)
        except Unavailable:
            told.append(time.monotonic())

    began = time.monotonic()
    threading.Timer(0.05, gate.close).start()
    _together([wait] * 2)
    assert [at - began < 5 for at in told] == [True, True]
    assert gate.working == 1
    gate.leave(turn)
    with pytest.raises(Unavailable), gate.place():
        pass


def test_the_oldest_work_tells_its_age() -> None:
    gate = Gate(slots=1, line=0)
    assert gate.oldest_s() == 0
    turn = gate.enter(1)
    time.sleep(0.01)
    assert gate.oldest_s() >= 0.01
    gate.leave(turn)
    assert gate.oldest_s() == 0


def test_slots_are_shared_by_all_processes_of_a_server(tmp_path: Path) -> None:
    here, there = (Gate(slots=1, line=1, seats=Seats(tmp_path)) for _ in range(2))  # locks are per open file
    turn = here.enter(1)
    with pytest.raises(Busy):
        there.enter(0.05)
    threading.Timer(0.05, here.leave, [turn]).start()
    assert there.enter(10).queued_s >= 0.01


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
