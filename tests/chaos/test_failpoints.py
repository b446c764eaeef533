"""kill -9 at every step of a job, in api, worker and rembg; and a worker that sleeps past its lease."""

import signal
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from deploy.local.service import Service
from deploy.local.supervisor import await_ready
from shared import timeouts
from shared.db.pool import Connection
from tests.chaos.conftest import Note
from tests.chaos.crowd import Crowd, a_guest_with_key
from tests.chaos.proxy import Proxy
from tests.chaos.settled import assert_settled, await_true
from tests.chaos.system import System

_SWEEP_S = timeouts.SWEEP_S + 1
_OURS = 30_000  # numbers of pictures that no crowd uses


# In groups, because a start takes a second; at most two steps of a group cost an attempt, and a job has three.
@pytest.mark.parametrize("steps", ["w1 w2 w3", "w4 w5", "w6 w7 w8"])
def test_a_worker_killed_at_any_step_loses_nothing(
    system: System, crowd: Crowd, steps: str, long: bool, note: Note
) -> None:
    victims = [system.armed("worker", step) for step in steps.split()]
    for victim in victims:
        await_ready(victim)
    if long:
        crowd.send_many(20 * len(victims))
    for _ in range(200):
        crowd.send()
        if all(victim.exit_code() is not None for victim in victims):
            break
    assert [victim.exit_code() for victim in victims] == [-signal.SIGKILL] * len(victims), "a step was never reached"
    for victim in victims:
        system.kill(victim)
    took_s = assert_settled(system, crowd, system.lease_s + _SWEEP_S + 15)
    note("jobs", len(crowd.accepted))
    note("settled in s", round(took_s, 1))


def test_an_api_killed_at_any_step_keeps_its_commits_and_a_repeated_request_has_one_effect(
    system: System, crowd: Crowd, note: Note
) -> None:
    victims = [system.armed("api", step) for step in ("a1", "a2", "a3", "a4")]
    guests = [a_guest_with_key(crowd.address) for _ in victims]
    for victim in victims:
        await_ready(victim)
    with system.database() as connection:
        before = _jobs(connection)
        for number, (victim, guest) in enumerate(zip(victims, guests, strict=True), _OURS):
            assert crowd.send(guest=guest, address=f"http://127.0.0.1:{victim.port}", number=number) is None
            system.kill(victim)
        assert _jobs(connection) - before == 2, "committed from a3 on"
        connection.execute("update idempotency_keys set locked_until = now()")  # instead of waiting for a minute
        for number, guest in enumerate(guests, _OURS):
            assert crowd.send(guest=guest, number=number), "the key is not stuck"
            guest.close()
        assert _jobs(connection) - before == len(victims), "each has one job"
    took_s = assert_settled(system, crowd, 10 + _SWEEP_S, refusals=(0,))
    note("settled in s", round(took_s, 1))


def _jobs(connection: Connection) -> int:
    row = connection.execute("select count(*) as jobs from jobs").fetchone()
    assert row
    return int(row["jobs"])


def test_a_sleeping_worker_wakes_up_to_find_its_job_done_and_writes_nothing(system: System, crowd: Crowd) -> None:
    zombie = system.armed("worker", "w6", "stop")
    await_ready(zombie)
    log = system.stack.log
    before = log.read_text().count("result_fenced_off")
    for _ in range(200):
        crowd.send()
        if stopped(zombie):
            break
    assert stopped(zombie), "the step was never reached"
    system.crashes += 1
    system.leavings += 3
    assert_settled(system, crowd, system.lease_s + _SWEEP_S + 15)

    def fenced_off() -> bool:
        zombie.signal(signal.SIGCONT)  # repeatedly: each of its jobs that reaches the step stops it again
        return log.read_text().count("result_fenced_off") > before

    await_true(fenced_off, 20, lambda: "the zombie wrote")
    assert_settled(system, crowd, 5)


def stopped(process: Service) -> bool:
    """Return whether a SIGSTOP has taken effect."""
    with suppress(OSError), open(f"/proc/{process.pid}/stat") as stat:  # noqa: PTH123
        return stat.read().rpartition(")")[2].split()[0] == "T"
    return False


def test_a_rembg_killed_during_pictures_costs_only_time(system: System, crowd: Crowd, note: Note) -> None:
    rembg = system.stack.process("rembg")
    for step in ("r1", "r2"):
        system.kill(rembg)
        victim = system.armed("rembg", step, port=system.stack.settings.rembg_port)
        await_ready(victim)
        crowd.send_many(4)
        system.kill(victim)
    system.restart(rembg)
    took_s = assert_settled(system, crowd, 20)
    note("settled in s", round(took_s, 1))


def test_a_truncated_cutout_is_detected(system: System, crowd: Crowd) -> None:
    """A rembg that dies while responding (r3): for the worker, the connection ends half way."""
    with Proxy(system.stack.settings.rembg_port) as network, system.database() as connection:
        network.cut_after = 1500
        worker = system.another("worker", REMBG_ENDPOINT=f"http://127.0.0.1:{network.port}")
        await_ready(worker)

        def noticed() -> bool:
            crowd.send()
            row = connection.execute(
                """select from provider_calls
                where provider = 'self_hosted' and outcome = 'unavailable' and started_at > %s""",
                [began],
            ).fetchone()
            return row is not None

        began = datetime.now(UTC)
        await_true(noticed, 20, lambda: "no worker used the bad network")
        network.cut_after = 0
        assert_settled(system, crowd, 20)
        worker.stop()


def test_a_killed_workers_job_runs_again_soon_after_its_lease(
    system: System, crowd: Crowd, long: bool, note: Note
) -> None:
    lease_s = timeouts.LEASE_S if long else system.lease_s
    victim = system.another("worker", FAILPOINT="w3:exit", TESTING="1", WORKER_CONCURRENCY="1", LEASE_S=str(lease_s))
    await_ready(victim)
    for _ in range(200):
        crowd.send()
        if victim.exit_code() is not None:
            break
    assert victim.exit_code() == -signal.SIGKILL
    system.kill(victim)
    took_s = assert_settled(system, crowd, lease_s + 15)
    note(f"with a lease of {lease_s:.0f} s, done after s", round(took_s, 1))
