"""The breaker: when it stops calls, and when it lets one through."""

import threading
from collections.abc import Callable

import pytest

from services.worker.providers.breaker import FAILURES, REST_S, Breaker
from shared.models.cutout import Provider


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets seconds pass at once."""
    now = [1000.0]
    monkeypatch.setattr("services.worker.providers.breaker.time.monotonic", lambda: now[0])

    def pass_by(seconds: float) -> None:
        now[0] += seconds

    return pass_by


def _failed(times: int = FAILURES) -> Breaker:
    made = Breaker(Provider.SELF_HOSTED)
    for _ in range(times):
        assert made.allows()
        made.record(ok=False)
    return made


def test_four_failures_in_a_row_leave_it_closed_and_the_fifth_opens_it() -> None:
    made = _failed(4)
    assert not made.open
    assert made.allows()
    made.record(ok=False)
    assert made.open
    assert not made.allows()


def test_a_success_in_between_starts_the_count_again() -> None:
    made = _failed(4)
    made.record(ok=True)
    for _ in range(4):
        made.record(ok=False)
    assert not made.open


def test_after_the_pause_one_call_is_allowed_and_the_others_wait(wait: Callable[[float], None]) -> None:
    made = _failed()
    wait(REST_S - 0.01)
    assert not made.allows()
    wait(0.02)
    assert [made.allows() for _ in range(5)] == [True, False, False, False, False]


def test_a_call_that_succeeds_closes_it(wait: Callable[[float], None]) -> None:
    made = _failed()
    wait(REST_S)
    assert made.allows()
    made.record(ok=True)
    assert not made.open
    assert all(made.allows() for _ in range(5))


def test_a_call_that_fails_starts_another_pause(wait: Callable[[float], None]) -> None:
    made = _failed()
    wait(REST_S)
    assert made.allows()
    wait(10)
    made.record(ok=False)
    wait(REST_S - 1)
    assert not made.allows()
    wait(1)
    assert made.allows()


def test_a_call_without_an_outcome_does_not_block_for_ever(wait: Callable[[float], None]) -> None:
    made = _failed()
    wait(REST_S)
    assert made.allows()  # whose thread then dies
    wait(REST_S)
    assert made.allows()


def test_only_one_of_many_threads_is_allowed(wait: Callable[[float], None]) -> None:
    made = _failed()
    wait(REST_S)
    together = threading.Barrier(8)
    admitted: list[bool] = []

    def ask() -> None:
        together.wait()
        admitted.append(made.allows())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(admitted) == [False] * 7 + [True]
