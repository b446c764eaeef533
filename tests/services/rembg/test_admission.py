"""Admission control: slots, waiting places, deadlines, and Retry-After."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from services.rembg.admission import AdmissionQueue
from shared.errors import Busy, Unavailable


def test_at_most_as_much_work_as_slots_runs_at_once() -> None:
    queue, most, lock = AdmissionQueue(slots=2, max_waiting=8), 0, threading.Lock()

    def work() -> None:
        nonlocal most
        with queue.admit():
            slot = queue.acquire(10)
            with lock:
                most = max(most, queue.working)
            time.sleep(0.01)
            queue.release(slot)

    _together([work] * 8)
    assert most == 2
    assert (queue.working, queue.waiting) == (0, 0)


def test_a_full_queue_refuses_at_once() -> None:
    queue = AdmissionQueue(slots=1, max_waiting=1)
    with queue.admit(), queue.admit(), pytest.raises(Busy), queue.admit():
        pass
    with queue.admit():  # those who left made room
        pass


def test_waiting_past_the_deadline_is_refused() -> None:
    queue = AdmissionQueue(slots=1, max_waiting=1)
    slot = queue.acquire(1)
    with pytest.raises(Busy):
        queue.acquire(0.01)
    queue.release(slot)
    assert queue.acquire(0.01).queued_s < 0.01


def test_only_the_first_slot_is_alone() -> None:
    queue = AdmissionQueue(slots=2, max_waiting=0)
    first, second = queue.acquire(1), queue.acquire(1)
    assert (first.alone, second.alone) == (True, False)


def test_a_failure_gives_its_place_back() -> None:
    queue = AdmissionQueue(slots=1, max_waiting=0)
    with pytest.raises(ZeroDivisionError), queue.admit():
        _ = 1 / 0
    assert (queue.working, queue.waiting) == (0, 0)


def test_closing_refuses_the_waiting_and_lets_work_end() -> None:
    queue, refused = AdmissionQueue(slots=1, max_waiting=2), []
    slot = queue.acquire(1)

    def wait() -> None:
        try:
            queue.acquire(10)
        except Unavailable:
            refused.append(time.monotonic())

    began = time.monotonic()
    threading.Timer(0.05, queue.close).start()
    _together([wait] * 2)
    assert [at - began < 5 for at in refused] == [True, True]
    assert queue.working == 1
    queue.release(slot)
    with pytest.raises(Unavailable), queue.admit():
        pass


def test_the_age_of_the_oldest_work_is_known() -> None:
    queue = AdmissionQueue(slots=1, max_waiting=0)
    assert queue.oldest_s() == 0
    slot = queue.acquire(1)
    time.sleep(0.01)
    assert queue.oldest_s() >= 0.01
    queue.release(slot)
    assert queue.oldest_s() == 0


def test_retry_after_grows_with_the_queue() -> None:
    retries = []
    for waiting in (0, 9):
        queue = AdmissionQueue(slots=1, max_waiting=waiting)
        with ExitStack() as stack:
            for _ in range(1 + waiting):
                stack.enter_context(queue.admit())
            with pytest.raises(Busy) as refused:
                queue.check()
        retries.append(refused.value.retry_after_s)
    assert retries == [1, 10]  # a second each until something was measured


def _together(jobs: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
