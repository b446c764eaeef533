"""A random killer ends processes while guests send pictures."""

import random
import threading
import time

import pytest

from shared.db import job_queue
from tests.chaos.conftest import Note
from tests.chaos.crowd import Crowd
from tests.chaos.settled import assert_settled
from tests.chaos.system import System


def test_nothing_is_lost_while_processes_are_killed(
    system: System, crowd: Crowd, long: bool, pytestconfig: pytest.Config, note: Note
) -> None:
    jobs, every_s, kills_wanted = (200, 2.0, 40) if long else (20, 0.7, 3)
    seed = pytestconfig.getoption("--seed", default=1)
    print(f"seed {seed}")
    dice = random.Random(seed)
    system.removebg.always = "slow" if long else "ok"
    sender = threading.Thread(target=_send, args=(crowd, jobs, kills_wanted * every_s))
    sender.start()
    kills: list[str] = []
    while len(kills) < kills_wanted and (sender.is_alive() or not long):
        time.sleep(every_s)
        victim = dice.choice([*system.services, *system.workers, system.redis, *([system.postgres] if long else [])])
        kills.append(victim.name.partition("-")[0])
        system.kill(victim)
        if victim is system.postgres:
            system.away()
        time.sleep(dice.uniform(0, every_s / 2))
        system.restart(victim)
    sender.join()
    system.mend()
    took_s = assert_settled(system, crowd, system.lease_s + 60, failures=("poison",), refusals=(0, 503))
    note("seed", seed)
    note("killed", {name: kills.count(name) for name in sorted(set(kills))})
    note("jobs", len(crowd.accepted))
    note("settled in s", round(took_s, 1))
    note("poisoned by three kills", _poisoned(system))


def _send(crowd: Crowd, jobs: int, during_s: float) -> None:
    """Send pictures until that many are accepted, spread over the time."""
    until = time.monotonic() + during_s * 3
    while len(crowd.accepted) < jobs and time.monotonic() < until:
        if crowd.send() is None:
            time.sleep(0.2)
        time.sleep(during_s / jobs / 2)


def _poisoned(system: System) -> int:
    with system.database() as connection:
        rows = connection.execute("select attempts from jobs where error_code = 'poison'").fetchall()
    assert all(row["attempts"] >= job_queue.MAX_ATTEMPTS for row in rows)
    return len(rows)
