"""A line lets in so many, keeps so many waiting, and sends the rest away."""

import threading
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from services.api.middleware.bulkhead import Bulkhead
from shared import errors


def _in_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_who_finds_the_line_full_is_sent_away_at_once_and_who_waited_goes_in() -> None:
    line, inside = Bulkhead(places=1, waiting=1, wait_s=30), threading.Event()

    def wait() -> None:
        with line.place():
            inside.set()

    with line.place():
        waiter = _in_thread(wait)
        while line._inside._value:
            pass
        with pytest.raises(errors.Busy), line.place():
            pass
        assert not inside.is_set()
    waiter.join()
    assert inside.is_set()


def test_nobody_waits_longer_than_agreed() -> None:
    line = Bulkhead(places=1, waiting=5, wait_s=0.01)
    with line.place(), pytest.raises(errors.Busy), line.place():
        pass
    with line.place():
        pass


def test_places_are_given_back_whatever_happens() -> None:
    line = Bulkhead(places=2, waiting=0, wait_s=0)
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), line.place():
            _ = 1 / 0
    with ExitStack() as both:
        both.enter_context(line.place())
        both.enter_context(line.place())
