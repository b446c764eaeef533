"""The rescuer: which wake-ups it sends, which jobs it fails, and what it costs."""

import time
from collections.abc import Iterator
from uuid import UUID

import pytest
import redis
from prometheus_client import REGISTRY

from services.worker import rescuer
from services.worker.periodic import PeriodicTask
from services.worker.rescuer import Rescuer
from shared import errors
from shared.broker import Waker
from shared.db import ids, job_queue, jobs
from shared.models.job import JobError, JobState, Queue
from tests.services.worker.conftest import OWNER, Bench


@pytest.fixture
def server(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def waker(redis_url: str) -> Waker:
    return Waker(redis_url)


@pytest.fixture
def sweeper(bench: Bench, waker: Waker) -> Rescuer:
    return Rescuer(bench.database, waker)


def _overlooked(bench: Bench, count: int) -> list[UUID]:
    """Jobs without a wake-up, old enough to be overdue."""
    made = [bench.order() for _ in range(count)]
    bench.say("update jobs set run_after = now() - interval '1 s'")
    return made


def _dead(bench: Bench, attempts: int) -> UUID:
    """A job that was alone when its worker died."""
    job_id = bench.order()
    bench.say(
        """update jobs set status = 'running', attempts = %s, run_after = now() - interval '1 minute',
            lease_until = now() - interval '1 s', alone = true where id = %s""",
        attempts,
        job_id,
    )
    return job_id


def test_lost_wake_ups_are_sent_again_once(bench: Bench, sweeper: Rescuer, server: redis.Redis) -> None:
    _overlooked(bench, 3)
    assert sweeper.sweep() == 3
    assert server.llen("jobs") == 3
    assert sweeper.sweep() == 0


def test_only_missing_wake_ups_are_sent(bench: Bench, sweeper: Rescuer, waker: Waker, server: redis.Redis) -> None:
    _overlooked(bench, 3)
    waker.wake(ids.new(), Queue.CUTOUTS)
    assert sweeper.sweep() == 2
    waker.wake(ids.new(), Queue.CUTOUTS)
    assert sweeper.sweep() == 0
    assert server.llen("jobs") == 4


def test_each_queue_gets_what_is_missing_in_it(
    bench: Bench, sweeper: Rescuer, waker: Waker, server: redis.Redis
) -> None:
    with bench.database.transaction() as connection:
        for type_ in ("cutline", "cutline", "gang_sheet", "cutout"):
            jobs.create(connection, ids.new(), OWNER, ids.new(), type=type_)
        connection.execute("update jobs set run_after = now() - interval '1 s'")
    waker.wake(ids.new(), Queue.QUICK)
    assert sweeper.sweep() == 3
    assert [server.llen(queue) for queue in Queue] == [1, 2, 1]
    depths = [REGISTRY.get_sample_value("stolentee_queue_depth", {"queue": queue}) for queue in Queue]
    assert depths == [1, 2, 1]


def test_a_sweep_measures_how_long_a_mail_has_been_overdue(bench: Bench, sweeper: Rescuer) -> None:
    bench.say(
        """insert into mails (id, once, recipient, template, facts, run_after, expires_at)
        values (gen_random_uuid(), 'x', 'ann@mail.example', 'reset', '{}', now() - interval '1 hour', now())"""
    )
    sweeper.sweep()
    assert (REGISTRY.get_sample_value("stolentee_mail_overdue_seconds") or 0) >= 3600


def test_wake_ups_for_a_long_queue_are_sent_in_batches(
    bench: Bench, sweeper: Rescuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescuer, "AT_ONCE", {**rescuer.AT_ONCE, Queue.CUTOUTS: 2})
    _overlooked(bench, 5)
    assert [sweeper.sweep() for _ in range(4)] == [2, 2, 1, 0]


def test_few_wake_ups_are_sent_for_print_jobs_as_a_worker_without_a_place_drops_them(
    bench: Bench, sweeper: Rescuer
) -> None:
    with bench.database.transaction() as connection:
        for _ in range(12):
            jobs.create(connection, ids.new(), OWNER, ids.new(), type="gang_sheet")
            jobs.create(connection, ids.new(), OWNER, ids.new(), type="cutline")
        connection.execute("update jobs set run_after = now() - interval '1 s'")
    assert sweeper.sweep() == 10 + 2


def test_a_new_job_is_left_to_its_own_wake_up(bench: Bench, sweeper: Rescuer) -> None:
    bench.order()
    assert sweeper.sweep() == 0


def test_a_delayed_job_gets_no_wake_up(bench: Bench, sweeper: Rescuer) -> None:
    _overlooked(bench, 1)
    bench.say("update jobs set run_after = now() + interval '5 s'")
    assert sweeper.sweep() == 0


def test_the_job_of_a_dead_worker_gets_a_wake_up(bench: Bench, sweeper: Rescuer) -> None:
    _dead(bench, attempts=1)
    assert sweeper.sweep() == 1


def test_the_job_of_a_live_worker_gets_none(bench: Bench, sweeper: Rescuer) -> None:
    _overlooked(bench, 1)
    bench.claim()
    assert sweeper.sweep() == 0


def test_a_job_that_killed_three_workers_fails(bench: Bench, sweeper: Rescuer) -> None:
    job_id = _dead(bench, attempts=3)
    assert sweeper.sweep() == 0
    job = bench.job(job_id)
    assert job.status is JobState.FAILED
    assert job.error == JobError("poison", "The job was tried several times and never completed.")
    assert job.finished_at is not None
    assert not bench.runner.run_next()


def test_only_one_sweeps_at_a_time(bench: Bench, sweeper: Rescuer) -> None:
    _overlooked(bench, 1)
    with bench.database.transaction() as connection:
        assert job_queue.lead_sweep(connection)
        assert sweeper.sweep() == 0
    assert sweeper.sweep() == 1


def test_an_idle_rescuer_costs_no_redis_commands(bench: Bench, sweeper: Rescuer, server: redis.Redis) -> None:
    bench.order()
    bench.claim()

    def commands() -> dict[str, int]:
        stats = server.info("commandstats")
        return {name: facts["calls"] for name, facts in stats.items() if name != "cmdstat_info"}

    before = commands()
    for _ in range(5):
        sweeper.sweep()
    assert commands() == before


def test_exhausted_jobs_fail_without_the_broker_too(bench: Bench) -> None:
    job_id = _dead(bench, attempts=3)
    _overlooked(bench, 1)
    with pytest.raises(errors.Unavailable):
        Rescuer(bench.database, Waker("redis://127.0.0.1:1/0")).sweep()
    assert bench.job(job_id).status is JobState.FAILED


def test_a_periodic_rescuer_sends_wake_ups(bench: Bench, sweeper: Rescuer, server: redis.Redis) -> None:
    running = PeriodicTask("rescuer", sweeper.sweep, 0.05, tolerance_s=60)
    running.start()
    _overlooked(bench, 1)
    assert server.brpop(["jobs"], timeout=5)
    running.stop()


def test_a_periodic_rescuer_survives_the_loss_of_the_broker(bench: Bench) -> None:
    _overlooked(bench, 1)
    lonely = PeriodicTask(
        "rescuer", Rescuer(bench.database, Waker("redis://127.0.0.1:1/0")).sweep, 0.05, tolerance_s=60
    )
    lonely.start()
    time.sleep(0.3)
    job_id = _dead(bench, attempts=3)
    until = time.monotonic() + 5
    while bench.job(job_id).status is not JobState.FAILED:
        assert time.monotonic() < until
        time.sleep(0.02)
    lonely.stop()
