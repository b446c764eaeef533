"""One system for all chaos tests of a process; `make chaos` runs the long forms and prints a table of figures."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.chaos.crowd import Crowd
from tests.chaos.system import System

LEASE_S = 2.0  # instead of a minute for each dead worker; one long test uses the real lease
Note = Callable[[str, object], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=1, help="chaos: of the random killer")


@pytest.fixture
def only_long(long: bool) -> None:
    """Skip slow tests whose subject smaller tests cover."""
    if not long:
        pytest.skip("`make chaos` runs it")


@pytest.fixture(scope="session")
def _shared_system(open_folder: Path) -> Iterator[System]:
    with System(open_folder / "chaos", lease_s=LEASE_S) as system:
        yield system


@pytest.fixture
def system(_shared_system: System) -> Iterator[System]:
    """The running system, repaired before and after the test."""
    _shared_system.mend()
    yield _shared_system
    _shared_system.mend()


@pytest.fixture
def crowd(system: System) -> Crowd:
    return Crowd(system.stack.address)


@pytest.fixture
def note(record_property: Callable[[str, object], None]) -> Note:
    """Add a figure to the table that is printed at the end."""
    return record_property


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures of each chaos test and its duration."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        if report.when == "call" and report.nodeid.startswith("tests/chaos/")
    ]
    if not reports or not terminalreporter.config.getoption("--long"):
        return
    terminalreporter.section("what was broken, and what it came to")
    for report in reports:
        name = report.nodeid.partition("::")[2].removeprefix("test_").replace("_", " ")
        terminalreporter.write_line(f"{report.outcome:6} {report.duration:6.1f} s  {name}")
        for what, value in report.user_properties:
            terminalreporter.write_line(f"{'':18}{what}: {value}")
