"""The poller: every thread runs what is due, however few wake-ups come."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

import pytest

from services.worker.poller import Poller
from shared import errors


def _at_once(function: Callable[[], None]) -> Future[None]:
    """Run it in this thread."""
    future: Future[None] = Future()
    try:
        function()
        future.set_result(None)
    except errors.Unavailable as error:
        future.set_exception(error)
    return future


def _refuse(function: Callable[[], None]) -> Future[None]:
    raise AssertionError("nothing may be submitted")


def test_jobs_are_run_until_none_is_due() -> None:
    due = [True] * 5
    Poller(_at_once, lambda: bool(due and due.pop()), lambda: False, 2).poll()
    assert due == []


def test_a_poll_that_has_not_ended_is_not_repeated() -> None:
    asked: list[Future[None]] = []
    end = Event()
    with ThreadPoolExecutor(2) as threads:

        def submit(function: Callable[[], None]) -> Future[None]:
            asked.append(threads.submit(function))
            return asked[-1]

        poller = Poller(submit, lambda: not end.wait(5), lambda: False, 2)
        poller.poll()
        poller.poll()
        assert len(asked) == 2
        end.set()
        for thread in asked:
            thread.result(5)
        poller.poll()
        assert len(asked) == 4


def test_a_thread_with_a_long_job_keeps_no_other_from_polling() -> None:
    asked: list[Future[None]] = []
    end, long = Event(), [True]
    with ThreadPoolExecutor(2) as threads:

        def submit(function: Callable[[], None]) -> Future[None]:
            asked.append(threads.submit(function))
            return asked[-1]

        poller = Poller(submit, lambda: bool(long) and long.pop() and not end.wait(5), lambda: False, 2)
        poller.poll()
        while not any(thread.done() for thread in asked):
            pass
        poller.poll()
        assert len(asked) == 3
        end.set()


def test_a_worker_that_is_stopping_takes_no_further_job() -> None:
    ran: list[bool] = []

    def run_next() -> bool:
        ran.append(True)
        return True

    Poller(_at_once, run_next, lambda: bool(ran), 1).poll()
    assert len(ran) == 1
    Poller(_refuse, run_next, lambda: True, 1).poll()


def test_what_stopped_a_thread_is_raised_by_the_next_poll() -> None:
    def away() -> bool:
        raise errors.Unavailable

    poller = Poller(_at_once, away, lambda: False, 1)
    poller.poll()
    with pytest.raises(errors.Unavailable):
        poller.poll()
