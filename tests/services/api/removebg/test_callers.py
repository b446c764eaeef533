"""Places of those who wait, and their turns."""

import time
from contextlib import ExitStack

import pytest

from services.api.removebg.callers import AT_WORK, Callers
from shared import errors


def test_one_more_than_there_is_room_for_is_told_when_the_next_leaves() -> None:
    callers = Callers(most=1)
    with callers.place(240):
        with pytest.raises(errors.Busy) as refused, callers.place(240):
            pass
        assert refused.value.retry_after_s == 240  # nobody has left yet
    for _ in range(3):
        with callers.place(240):
            pass
    with callers.place(240), pytest.raises(errors.Busy) as later, callers.place(240):
        pass
    assert later.value.retry_after_s == 1


def test_a_turn_that_does_not_come_in_time_is_refused() -> None:
    callers = Callers()
    with ExitStack() as turns:
        for _ in range(AT_WORK):
            turns.enter_context(callers.work(0))
        with pytest.raises(errors.Busy), callers.work(time.monotonic() + 0.01):
            pass
    with callers.work(0):
        pass
