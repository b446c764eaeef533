"""A job whose worker died runs while its process runs no other: if it kills that one too, it alone is to blame."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import pytest

from services.worker.shared_lock import SharedLock
from shared.models.job import JobState
from tests.services import pictures
from tests.services.worker.conftest import Bench
from tests.services.worker.rembg_double import refusal


def _orphans(bench: Bench, count: int) -> list[UUID]:
    """Jobs whose worker died with them."""
    made = [bench.order(pictures.png(shade=shade)) for shade in range(count)]
    for _ in made:
        bench.claim(alone=False)
    bench.say("update jobs set lease_until = now() - interval '1 s'")
    return made


class Concurrency:
    """`at_once` grows by the number of jobs that rembg works on whenever one begins; each takes a moment."""

    def __init__(self, bench: Bench) -> None:
        self.at_once: list[int] = []
        self._now = 0
        self._lock = threading.Lock()
        bench.rembg.meanwhile = self._come

    def _come(self) -> None:
        with self._lock:
            self._now += 1
            self.at_once.append(self._now)
        time.sleep(0.3)
        with self._lock:
            self._now -= 1


def _run_all(bench: Bench, jobs: int) -> list[bool]:
    with ThreadPoolExecutor(jobs) as threads:
        return [ran.result() for ran in [threads.submit(bench.runner.run_next) for _ in range(jobs)]]


def test_jobs_of_a_dead_worker_run_one_at_a_time(bench: Bench) -> None:
    orphans, seen = _orphans(bench, 3), Concurrency(bench)
    assert _run_all(bench, 3) == [True] * 3
    assert seen.at_once == [1, 1, 1]
    assert [bench.job(job_id).status for job_id in orphans] == [JobState.DONE] * 3
    assert [bench.job(job_id).attempts for job_id in orphans] == [2] * 3


def test_other_jobs_run_together_as_ever(bench: Bench) -> None:
    for shade in range(3):
        bench.order(pictures.png(shade=shade))
    seen = Concurrency(bench)
    assert _run_all(bench, 3) == [True] * 3
    assert max(seen.at_once) == 3


def test_an_isolated_job_waits_for_those_that_run_and_the_next_wait_for_it(bench: Bench) -> None:
    bench.order(pictures.png(shade=7))
    seen = Concurrency(bench)
    with ThreadPoolExecutor(3) as threads:
        running = [threads.submit(bench.runner.run_next)]
        _until(lambda: bool(seen.at_once))
        orphan = bench.order(pictures.png(shade=8))
        bench.say("update jobs set status = 'running', lease_until = now() - interval '1 s' where id = %s", orphan)
        running.append(threads.submit(bench.runner.run_next))
        _until(lambda: bench.runner._running._wanted)
        bench.order(pictures.png(shade=9))
        running.append(threads.submit(bench.runner.run_next))
        assert [ran.result() for ran in running] == [True] * 3
    assert seen.at_once == [1, 1, 1]
    assert bench.job(orphan).isolated


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_the_only_thread_of_a_worker_runs_every_job_alone(bench: Bench) -> None:
    bench.order()
    runner = replace(bench.runner, threads=1)
    bench.rembg.meanwhile = lambda: bench.say("update jobs set lease_until = now() - interval '1 s', fence = fence + 1")
    assert runner.run_next()
    bench.rembg.meanwhile = lambda: None
    with runner._running.shared():  # it waits for no other, and its own death counts
        assert runner.run_next()
    assert bench.say("select status, isolated, attempts from jobs") == [
        {"status": "done", "isolated": False, "attempts": 2}
    ]


def test_a_death_in_company_costs_no_attempt_at_a_provider(bench: Bench) -> None:
    (orphan,) = _orphans(bench, 1)
    bench.rembg.answer = refusal(500, "internal")
    ends = [bench.run(orphan) for _ in range(3)]
    assert [(job.status, job.attempts) for job in ends] == [("queued", 2), ("queued", 3), ("failed", 4)]


def test_a_claim_that_must_wait_leaves_the_job_as_it_was(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    (orphan,) = _orphans(bench, 1)
    before = bench.job(orphan)
    monkeypatch.setattr(bench.runner._running, "_timeout_s", 0.1)
    with bench.runner._running.shared():  # a thread that hangs
        assert not bench.runner.run_next()
        assert bench.job(orphan) == before
    assert bench.runner.run_next()


def test_a_shared_lock_is_held_by_many_or_by_one() -> None:
    lock = SharedLock(5)
    with lock.shared(), lock.shared():
        pass
    with lock.exclusive() as alone:
        assert alone


def test_waiting_for_a_shared_lock_ends_at_its_timeout() -> None:
    lock = SharedLock(0.05)
    with lock.shared(), lock.exclusive() as alone:
        assert not alone
    with ThreadPoolExecutor(1) as elsewhere, lock.exclusive() as alone:
        assert alone
        assert elsewhere.submit(_enter, lock).result(5) == [False]
    with lock.exclusive() as alone:
        assert alone


def _enter(lock: SharedLock) -> list[bool]:
    with lock.shared():
        pass
    with lock.exclusive() as alone:
        return [alone]
