"""A worker that dies again and again condemns no job but the one that kills it."""

import signal
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from deploy.local.service import Service
from deploy.local.supervisor import await_ready
from shared.db import job_queue
from tests.chaos.conftest import Note
from tests.chaos.crowd import Crowd, a_guest, shirt
from tests.chaos.settled import assert_settled, await_true
from tests.chaos.system import System
from tests.services.worker.rembg_double import Double, cut_out

_JOBS = 3  # at once, in the worker that dies
_POISON = 40_000  # the number of a picture that no crowd uses


@pytest.fixture
def rembg() -> Iterator[Double]:
    """A rembg for the pictures of the crowd."""
    double = Double()
    double.answer = cut_out(200, 150)
    yield double
    double.stop()


def _victim(system: System, rembg: Double) -> Service:
    """A worker with that rembg in place of the usual two."""
    for worker in system.workers:
        worker.stop()
    victim = system.another(
        "worker",
        REMBG_ENDPOINT=rembg.url,
        WORKER_CONCURRENCY=str(_JOBS),
        REMBG_PLACES=str(_JOBS),
        SELF_HOSTED_ROLLOUT_PERCENT="100",
    )
    await_ready(victim)
    return victim


def _usual_workers(system: System) -> None:
    for worker in system.workers:
        worker.start()


def _failed(system: System, crowd: Crowd) -> list[dict[str, Any]]:
    with system.database() as connection:
        return connection.execute(
            "select id, error_code, attempts from jobs where status = 'failed' and id = any(%s)", [crowd.accepted]
        ).fetchall()


def test_three_deaths_of_a_worker_condemn_none_of_its_jobs(
    system: System, crowd: Crowd, rembg: Double, note: Note
) -> None:
    victim = _victim(system, rembg)
    rembg.answer = cut_out(200, 150, wait_s=60)  # its jobs are in its hands when it dies
    crowd.send_many(_JOBS)
    in_hand = []
    for jobs in (_JOBS, 1, 1):
        await_true(partial(lambda jobs: len(rembg.asked) >= jobs, jobs), 30, lambda: f"{len(rembg.asked)} run")
        time.sleep(1)  # any others would come now
        in_hand.append(len(rembg.asked))
        system.kill(victim)
        rembg.asked.clear()
        victim.start()
    rembg.answer = cut_out(200, 150)
    _usual_workers(system)
    assert_settled(system, crowd, system.lease_s + 40)
    note("jobs in hand at each death", in_hand)
    note("condemned", len(_failed(system, crowd)))
    assert in_hand == [_JOBS, 1, 1]


@pytest.mark.usefixtures("only_long")
def test_only_the_picture_that_kills_its_worker_is_poison(
    system: System, crowd: Crowd, rembg: Double, note: Note
) -> None:
    victim, poison = _victim(system, rembg), shirt(_POISON)

    def kill() -> None:
        if any(asked.picture == poison for asked in rembg.asked):
            victim.signal(signal.SIGKILL)

    rembg.answer, rembg.meanwhile = cut_out(200, 150, wait_s=0.5), kill
    with a_guest() as guest:
        condemned = crowd.send(guest=guest, number=_POISON)
    crowd.send_many(4)
    deaths = 0
    while not _failed(system, crowd):
        if victim.exit_code() is not None:
            deaths += 1
            system.kill(victim)
            rembg.asked.clear()
            victim.start()
        assert deaths <= job_queue.MAX_ATTEMPTS + 1
        time.sleep(0.05)
    _usual_workers(system)
    assert_settled(system, crowd, system.lease_s + 40, failures=("poison",))
    note("deaths until it was given up", deaths)
    assert _failed(system, crowd) == [{"id": condemned, "error_code": "poison", "attempts": deaths}]
    assert deaths == job_queue.MAX_ATTEMPTS + 1, "the first was in company"
