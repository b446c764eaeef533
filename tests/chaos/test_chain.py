"""kill -9 between the end of a cut-out and that of what follows it: each step takes effect once."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.supervisor import await_ready
from tests.chaos.conftest import LEASE_S
from tests.chaos.crowd import Crowd
from tests.chaos.settled import assert_settled
from tests.chaos.system import System

_CHAIN = ["cutout", "print_check", "print_edges"]


@pytest.fixture(scope="module")
def chained(open_folder: Path) -> Iterator[System]:
    with System(open_folder / "chain", lease_s=LEASE_S, PRINT_AFTER_CUTOUT="true") as system:
        yield system


@pytest.mark.parametrize("step", ["w7", "w2"])
def test_a_worker_killed_between_two_jobs_of_a_chain_loses_and_repeats_none(chained: System, step: str) -> None:
    """w7: after the commit of an end, before the wake-up of what follows; w2: a step is claimed, and nothing done."""
    crowd = Crowd(chained.stack.address)
    victims = [chained.armed("worker", step) for _ in range(2)]
    for victim in victims:
        await_ready(victim)
    for _ in range(100):
        crowd.send()
        if all(victim.exit_code() is not None for victim in victims):
            break
    assert [victim.exit_code() for victim in victims] == [-signal.SIGKILL] * len(victims), "the step was never reached"
    for victim in victims:
        chained.kill(victim)
    assert_settled(chained, crowd, 60)
    with chained.database() as connection:
        rows = connection.execute(
            """
            select array_agg(type order by type) as types
            from jobs
            where status = 'done'
            group by coalesce(parent_id, id)
            """
        ).fetchall()
    assert len(rows) >= len(crowd.accepted)
    assert all(row["types"] == _CHAIN for row in rows), rows
