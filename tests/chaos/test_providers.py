"""Providers may be down, slow or wrong: jobs finish, and the cost stays within the budget."""

import contextlib
import signal
import time
from collections.abc import Iterator
from uuid import UUID

import pytest
import requests

from services.worker.providers.provider_order import side
from tests.chaos.conftest import Note
from tests.chaos.crowd import Crowd
from tests.chaos.settled import assert_settled, await_true
from tests.chaos.system import PRICE_MICROUSD, System

BUDGET_MICROUSD = 1_000_000 * 10_000
PERCENT = 50


@pytest.mark.usefixtures("only_long")
def test_invalid_results_of_the_paid_provider_are_refused_and_retried(system: System, crowd: Crowd) -> None:
    nonsense = ["garbage", "wrong_size", "no_alpha", "cut"]
    system.removebg.next.extend(nonsense)
    system.faults += len(nonsense)
    while system.removebg.next:
        crowd.send()
    assert_settled(system, crowd, 30)


@pytest.mark.usefixtures("only_long")
def test_errors_of_the_paid_provider_cost_nothing(system: System, crowd: Crowd) -> None:
    system.removebg.next.extend(["rate_limit_exceeded", "insufficient_credits", "internal_error"])
    while system.removebg.next:
        crowd.send()
    assert_settled(system, crowd, 30)


def test_a_storm_of_fallbacks_stops_at_the_budget(system: System, crowd: Crowd, note: Note) -> None:
    """Ours is down, so every job goes to the paid provider; the budget allows three more."""
    system.stack.kill("rembg")
    before = len(system.removebg.entries())
    with money_for(system, 3):
        crowd.send_many(10)
        _open_jobs(system, crowd, 7)
        time.sleep(3)  # enough for a fourth
        note("paid calls", len(system.removebg.entries()) - before)
        assert len(system.removebg.entries()) - before == 3
        assert _refusals(system) > 0, "no refusal was counted"
        assert crowd.slowest_s < 10, "the api suffered"
    system.restart(system.stack.process("rembg"))
    system.fresh_workers()
    assert_settled(system, crowd, 40)


def test_a_stuck_rembg_does_not_stop_jobs_of_the_other_provider(system: System, crowd: Crowd, note: Note) -> None:
    """Its hanging jobs keep their leases, so no other worker starts them."""
    rembg = system.stack.process("rembg")
    rembg.signal(signal.SIGSTOP)
    began = time.monotonic()
    crowd.send_many(12)
    paid = [job_id for job_id in crowd.accepted if side(job_id) >= PERCENT]
    await_true(lambda: _done(system, paid) == len(paid), 15, lambda: f"{_done(system, paid)} of {len(paid)}")
    note("jobs of the other done after s", round(time.monotonic() - began, 1))
    time.sleep(system.lease_s + 1)
    rembg.signal(signal.SIGCONT)
    assert_settled(system, crowd, 30)
    with system.database() as connection:
        row = connection.execute(
            "select max(attempts) as most from jobs where id = any(%s)", [crowd.accepted]
        ).fetchone()
    assert row == {"most": 1}


@pytest.mark.usefixtures("only_long")
def test_without_any_provider_jobs_wait_without_a_hot_loop(system: System, crowd: Crowd, note: Note) -> None:
    watched_s = 30
    system.stack.kill("rembg")
    system.removebg.always = "service_unavailable"
    before = len(system.removebg.entries())
    crowd.send_many(4)
    time.sleep(watched_s)
    calls = len(system.removebg.entries()) - before
    note(f"calls of 4 jobs in {watched_s} s", calls)
    assert 1 <= calls <= 4 * (2 + watched_s / 3), "breakers open, and waits grow"
    _open_jobs(system, crowd, 4)
    system.removebg.always = "ok"
    system.restart(system.stack.process("rembg"))
    system.fresh_workers()
    assert_settled(system, crowd, 40)


def test_a_backlog_older_than_a_day_waits_for_its_providers_like_new_jobs(
    system: System, crowd: Crowd, note: Note
) -> None:
    for worker in system.workers:
        worker.stop()
    crowd.send_many(12)
    system.stack.kill("rembg")
    system.removebg.always = "service_unavailable"
    with system.database() as connection:
        connection.execute(
            """update jobs
            set created_at = created_at - interval '25 hours', run_after = run_after - interval '25 hours'
            where id = any(%s)""",
            [crowd.accepted],
        )
    for worker in system.workers:
        worker.start()

    def refused() -> int:
        with system.database() as connection:
            rows = connection.execute("select id from jobs where status = 'queued' and postponed_s > 0").fetchall()
        return len(rows)

    await_true(lambda: refused() == 12, 20, lambda: f"{refused()} of 12 wait")
    system.removebg.always = "ok"
    system.restart(system.stack.process("rembg"))
    system.fresh_workers()
    note("settled after its return in s", round(assert_settled(system, crowd, 40), 1))


@contextlib.contextmanager
def money_for(system: System, calls: int) -> Iterator[None]:
    """Leave only that many paid calls today by spending the rest of the budget."""
    with system.database() as connection:
        row = connection.execute(
            """insert into spend (day, microusd) values ((now() at time zone 'utc')::date, %(left)s)
            on conflict (day) do update set microusd = %(left)s
            returning (select microusd from spend where day = (now() at time zone 'utc')::date) as before""",
            {"left": BUDGET_MICROUSD - calls * PRICE_MICROUSD},
        ).fetchone()
        assert row
        before = int(row["before"] or 0)
        yield
        connection.execute(
            "update spend set microusd = microusd - %s", [BUDGET_MICROUSD - calls * PRICE_MICROUSD - before]
        )


def _done(system: System, jobs: list[UUID]) -> int:
    with system.database() as connection:
        row = connection.execute(
            "select count(*) as jobs from jobs where id = any(%s) and status = 'done'", [jobs]
        ).fetchone()
    assert row
    return int(row["jobs"])


def _open_jobs(system: System, crowd: Crowd, count: int) -> None:
    """Wait until only that many accepted jobs are unfinished."""
    done = len(crowd.accepted) - count
    await_true(lambda: _done(system, crowd.accepted) >= done, 20, lambda: f"{_done(system, crowd.accepted)} are done")
    assert _done(system, crowd.accepted) == done


def _refusals(system: System) -> float:
    """Return the sum of the workers' metric that an alert watches."""
    total = 0.0
    for worker in system.services:
        text = requests.get(f"http://127.0.0.1:{worker.port}/metrics", timeout=5).text if worker.pid else ""
        for line in text.splitlines():
            if line.startswith("stolentee_provider_budget_refusals_total "):
                total += float(line.split()[1])
    return total
