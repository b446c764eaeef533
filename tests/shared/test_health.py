"""Health answers quickly and correctly, even if the dependencies it checks hang or fail."""

import re
import resource
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from shared import health
from shared.health import Check, Facts, Health


class Dependency:
    """A dependency whose answer a test can change."""

    def __init__(self) -> None:
        self.down = False
        self.asked = 0

    def probe(self) -> Facts:
        self.asked += 1
        if self.down:
            raise ConnectionError("postgres://user:password@host is away")
        return {"version": 17}


@pytest.fixture
def dependency() -> Dependency:
    return Dependency()


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Health without a cache, so that tests need not wait."""
    monkeypatch.setattr(health, "FRESH_S", 0.0)


def ready(*checks: Check) -> Health:
    state = Health("api", checks)
    state.mark_ready()
    return state


def status(state: Health) -> tuple[bool, object]:
    fit, body = state.ready()
    return fit, body["status"]


def test_a_process_is_not_ready_before_its_start_and_while_it_drains() -> None:
    state = Health("api")
    assert status(state) == (False, "starting")
    state.mark_ready()
    assert status(state) == (True, "ok")
    state.mark_draining()
    assert status(state) == (False, "draining")


def test_live_has_the_time_and_runs_no_check(dependency: Dependency) -> None:
    dependency.down = True
    body = Health("api", (Check("database", dependency.probe, critical=True),)).live()
    assert body["status"] == "ok"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(body["timestamp"]))
    assert dependency.asked == 0


@pytest.mark.usefixtures("forgetful")
def test_a_critical_check_makes_the_process_unready_at_its_third_failure_in_a_row(dependency: Dependency) -> None:
    state = ready(Check("database", dependency.probe, critical=True))
    dependency.down = True
    assert [status(state) for _ in range(3)] == [(True, "degraded"), (True, "degraded"), (False, "unavailable")]
    dependency.down = False
    assert status(state) == (True, "ok")


@pytest.mark.usefixtures("forgetful")
def test_a_success_resets_the_count_of_failures(dependency: Dependency) -> None:
    state = ready(Check("database", dependency.probe, critical=True))
    for down in (True, True, False, True, True):
        dependency.down = down
        assert status(state)[0]


@pytest.mark.usefixtures("forgetful")
def test_a_check_that_is_not_critical_only_degrades(dependency: Dependency) -> None:
    state = ready(Check("rembg", dependency.probe), Check("fine", dict, critical=True))
    dependency.down = True
    assert [status(state) for _ in range(5)] == [(True, "degraded")] * 5
    assert state.ready()[1]["checks"] == {"rembg": "down", "fine": "ok"}


def test_a_hundred_concurrent_probes_run_a_check_once(dependency: Dependency) -> None:
    state = ready(Check("database", dependency.probe, critical=True))
    with ThreadPoolExecutor(20) as callers:
        answers = list(callers.map(lambda _: status(state), range(100)))
    assert answers == [(True, "ok")] * 100
    assert dependency.asked == 1


def test_an_outcome_is_cached_for_two_seconds(dependency: Dependency, monkeypatch: pytest.MonkeyPatch) -> None:
    state = ready(Check("database", dependency.probe))
    now = time.monotonic()
    for later_s, asked in ((0.0, 1), (1.9, 1), (2.5, 2), (4.4, 2), (6.0, 3)):
        monkeypatch.setattr("shared.health.time", SimpleNamespace(monotonic=partial(float, now + later_s)))
        state.ready()
        assert dependency.asked == asked


@pytest.fixture
def hanging() -> Iterator[Callable[[], Facts]]:
    """A probe that hangs until the test is over."""
    over = threading.Event()

    def probe() -> Facts:
        over.wait(30)
        return {}

    yield probe
    over.set()


def test_a_hanging_check_delays_no_probe(hanging: Callable[[], Facts], dependency: Dependency) -> None:
    state = ready(Check("hanging", hanging, critical=True), Check("database", dependency.probe))
    for _ in range(3):
        start = time.monotonic()
        assert state.ready()[1]["checks"] == {"hanging": "ok", "database": "ok"}
        assert time.monotonic() - start < 2  # 80 ms, with a margin for a busy machine; the check hangs for 30 s
    assert dependency.asked == 1


def test_a_check_that_keeps_hanging_is_down(hanging: Callable[[], Facts], monkeypatch: pytest.MonkeyPatch) -> None:
    state = ready(Check("hanging", hanging, critical=True))
    now = time.monotonic()
    seen = []
    for later_s in (0.0, 1.9, 2.5, 4.4, 5.0, 7.5):
        monkeypatch.setattr("shared.health.time", SimpleNamespace(monotonic=partial(float, now + later_s)))
        seen.append(status(state))
    assert seen == [(True, "ok")] * 2 + [(True, "degraded")] * 3 + [(False, "unavailable")]


def test_operators_see_facts_but_no_error_messages(dependency: Dependency) -> None:
    state = Health("api", (Check("database", dependency.probe),), facts=lambda: {"model": "compact"})
    state.mark_ready()
    body = state.detailed()
    assert (body["service"], body["status"], body["model"]) == ("api", "ok", "compact")
    database = body["database"]
    assert isinstance(database, dict)
    assert (database["status"], database["version"]) == ("ok", 17)
    assert database["latency"] >= 0


def test_a_failing_check_shows_the_class_of_its_error_and_no_address(dependency: Dependency) -> None:
    dependency.down = True
    body = ready(Check("database", dependency.probe)).detailed()
    assert body["status"] == "degraded"
    assert {"status": "down", "error": "ConnectionError"}.items() <= dict(body["database"]).items()  # type: ignore[call-overload]
    assert "password" not in str(body)


def test_memory_is_measured_in_bytes() -> None:
    body = ready().detailed()
    memory = body["memory"]
    assert isinstance(memory, dict)
    assert 5_000_000 < memory["rss"] == memory["used"] < memory["total"]
    assert 100_000_000 < memory["system"]["free"] < memory["system"]["total"]
    assert 0 < memory["system"]["usedPercent"] < 100


def test_the_resident_size_is_measured_without_proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_PROC", tmp_path)
    memory = health.memory()
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS counts bytes
    assert memory["rss"] == memory["used"] == peak_kb
    assert memory["system"] == {"total": 0, "free": 0, "usedPercent": 0}


HEADERS = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-Ip", "Via")


def operates(peer: str | None, headers: dict[str, str] | None = None, token: str | None = "the token") -> bool:
    return health.may_operate(peer, (headers or {}).get, token)


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1"])
def test_loopback_may_see_operations(peer: str) -> None:
    assert operates(peer)
    assert operates(peer, token=None)


@pytest.mark.parametrize("peer", ["10.0.0.1", "128.0.0.1", "::2", "1.127.0.1", "", None])
def test_other_addresses_may_not(peer: str | None) -> None:
    assert not operates(peer)
    assert not operates(peer, token=None)


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("value", ["127.0.0.1", ""])
def test_a_request_through_a_local_proxy_may_not(name: str, value: str) -> None:
    assert not operates("127.0.0.1", {name: value})


def test_the_token_works_from_anywhere() -> None:
    given = {"Authorization": "Bearer the token", "X-Forwarded-For": "10.0.0.1"}
    assert operates("10.0.0.2", given)


@pytest.mark.parametrize("given", ["Bearer the toke", "Bearer the token ", "the token", "bearer the token", "Bearer é"])
def test_a_wrong_token_is_refused(given: str) -> None:
    assert not operates("10.0.0.1", {"Authorization": given})


@pytest.mark.parametrize("token", [None, ""])
@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer None"])
def test_without_a_configured_token_an_empty_one_is_refused(token: str | None, given: str) -> None:
    assert not operates("10.0.0.1", {"Authorization": given}, token)
