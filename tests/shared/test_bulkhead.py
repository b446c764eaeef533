"""A bulkhead runs a bounded number of calls, queues a bounded number, and refuses the rest."""

import threading
from contextlib import ExitStack

import pytest

from shared import errors
from shared.bulkhead import Bulkhead


def test_a_full_queue_refuses_at_once_and_a_queued_call_runs_later() -> None:
    bulkhead, running = Bulkhead(concurrent=1, waiting=1, wait_s=30), threading.Event()

    def wait() -> None:
        with bulkhead.slot():
            running.set()

    with bulkhead.slot():
        queued = threading.Thread(target=wait)
        queued.start()
        while bulkhead._admitted._value:
            pass
        with pytest.raises(errors.Busy), bulkhead.slot():
            pass
        assert not running.is_set()
    queued.join()
    assert running.is_set()


def test_a_call_waits_no_longer_than_its_limit() -> None:
    bulkhead = Bulkhead(concurrent=1, waiting=5, wait_s=0.01)
    with bulkhead.slot(), pytest.raises(errors.Busy), bulkhead.slot():
        pass
    with bulkhead.slot():
        pass


def test_a_slot_is_released_when_the_call_fails() -> None:
    bulkhead = Bulkhead(concurrent=2, waiting=0, wait_s=0)
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), bulkhead.slot():
            _ = 1 / 0
    with ExitStack() as both:
        both.enter_context(bulkhead.slot())
        both.enter_context(bulkhead.slot())
