"""A worker asked to stop finishes its jobs, takes no new ones, and exits at once when idle."""

import signal
import time

import pytest

from tests.chaos.conftest import Note
from tests.chaos.crowd import Crowd
from tests.chaos.settled import assert_settled, await_true
from tests.chaos.system import System


@pytest.mark.parametrize("working", [True, False], ids=["with jobs in hand", "idle"])
def test_sigterm(system: System, crowd: Crowd, working: bool, note: Note, long: bool) -> None:
    worker = system.workers[0]
    if working:
        system.removebg.always = "slow"
        crowd.send_many(12)
        await_true(lambda: _running(system) >= 2, 10, lambda: "nothing runs")
    began = time.monotonic()
    worker.signal(signal.SIGTERM)
    await_true(lambda: worker.exit_code() is not None, 30, lambda: "it stays")
    took_s = time.monotonic() - began
    note("gone after s", round(took_s, 1))
    assert worker.exit_code() == 0
    if not working:
        assert took_s < (3 if long else 15)  # the short form runs beside other tests
    system.restart(worker)
    assert_settled(system, crowd, 20)


@pytest.mark.usefixtures("only_long")
def test_a_forced_stop_loses_nothing(system: System, crowd: Crowd, note: Note) -> None:
    """Two SIGQUITs, as from a platform that stops waiting: a crash, from which the lease recovers."""
    system.removebg.always = "slow"
    crowd.send_many(8)
    await_true(lambda: _running(system) >= 2, 10, lambda: "nothing runs")
    worker = system.workers[0]
    for _ in range(2):
        worker.signal(signal.SIGQUIT)
    await_true(lambda: worker.exit_code() is not None, 15, lambda: "it stays")
    system.kill(worker)
    system.restart(worker)
    note("settled in s", round(assert_settled(system, crowd, system.lease_s + 20), 1))


def _running(system: System) -> int:
    with system.database() as connection:
        row = connection.execute("select count(*) as jobs from jobs where status = 'running'").fetchone()
    assert row
    return int(row["jobs"])
