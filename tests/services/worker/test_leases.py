"""Leases: renewed as long as a job runs and no longer, and dropped when they are lost."""

import time
from collections.abc import Iterator

import pytest

from services.worker.leases import Leases
from services.worker.periodic import PeriodicTask
from shared import errors, metrics, timeouts
from shared.db import ids, job_queue, jobs
from shared.models.job import Job, JobState
from tests.services.worker.conftest import OWNER, Bench


def _claim(bench: Bench, lease_s: float) -> Job | None:
    with bench.database.transaction() as connection:
        return job_queue.claim_next(connection, lease_s)


def _left_s(bench: Bench) -> float:
    (row,) = bench.say("select extract(epoch from lease_until - now())::float as left from jobs")
    return float(row["left"])


def _lost() -> float:
    return float(metrics.LEASES_LOST._value.get())


@pytest.fixture
def held(bench: Bench) -> Iterator[tuple[Leases, Job]]:
    """A job that is being worked on, with a lease of a minute of which a second is left."""
    bench.order()
    job = bench.claim()
    bench.say("update jobs set lease_until = now() + interval '1 s'")
    keeper = Leases(bench.database, 60)
    with keeper.holding(job):
        yield keeper, job


def test_a_held_lease_is_extended(bench: Bench, held: tuple[Leases, Job]) -> None:
    held[0].renew()
    assert _left_s(bench) > 55


def test_the_lease_of_a_job_that_ended_is_not_extended(bench: Bench) -> None:
    bench.order()
    job = bench.claim()
    keeper = Leases(bench.database, 60)
    with keeper.holding(job):
        pass
    bench.say("update jobs set lease_until = now() + interval '1 s'")
    keeper.renew()
    assert _left_s(bench) < 2


def test_the_lease_of_a_job_past_its_deadline_is_not_extended(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert timeouts.JOB_S == 120
    monkeypatch.setattr(timeouts, "JOB_S", 0)
    bench.order()
    keeper = Leases(bench.database, 60)
    with keeper.holding(bench.claim()):
        bench.say("update jobs set lease_until = now() + interval '1 s'")
        keeper.renew()
    assert _left_s(bench) < 2


@pytest.mark.parametrize("job_type", ["gang_sheet", "print_file", "vector"])
def test_the_lease_of_a_print_job_is_extended_beyond_the_time_of_a_cut_out(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, job_type: str
) -> None:
    assert timeouts.PRINT_JOB_S == 900
    keeper = Leases(bench.database, 60)
    for longest_s, renewed in ((900, True), (0, False)):
        monkeypatch.setattr(timeouts, "JOB_S", 0)
        monkeypatch.setattr(timeouts, "PRINT_JOB_S", longest_s)
        with bench.database.transaction() as connection:
            jobs.create(connection, ids.new(), OWNER, ids.new(), type=job_type)
        with keeper.holding(bench.claim()):
            bench.say("update jobs set lease_until = now() + interval '1 s'")
            keeper.renew()
        assert (_left_s(bench) > 55) is renewed
        bench.say("delete from jobs")


def test_a_lost_lease_is_counted_once_and_forgotten(bench: Bench, held: tuple[Leases, Job]) -> None:
    keeper, _ = held
    before = _lost()
    bench.say("update jobs set fence = fence + 1")  # another worker's
    keeper.renew()
    keeper.renew()
    assert _lost() == before + 1
    assert _left_s(bench) < 2


def test_a_cancelled_job_is_no_lost_lease(bench: Bench, held: tuple[Leases, Job]) -> None:
    keeper, job = held
    before = _lost()
    with bench.database.transaction() as connection:
        assert jobs.cancel(connection, job.owner, job.id)
    keeper.renew()
    assert _lost() == before
    assert keeper._held == {}


def test_a_job_whose_end_could_not_be_written_is_handed_back_without_counting(bench: Bench) -> None:
    job_id = bench.order()
    keeper = Leases(bench.database, 60)
    with pytest.raises(errors.Unavailable), keeper.holding(bench.claim()):
        raise errors.Unavailable
    keeper.renew()
    job = bench.job(job_id)
    assert (job.status, job.attempts, job.isolated) == (JobState.QUEUED, 0, False)
    before = bench.claim()
    keeper.renew()
    assert bench.job(job_id) == before


def test_periodic_renewal_keeps_a_job_past_its_lease_and_drops_it_after(bench: Bench) -> None:
    keeper = Leases(bench.database, 0.6)
    renewing = PeriodicTask("leases", keeper.renew, keeper.every_s, tolerance_s=60)
    renewing.start()
    bench.order()
    job = _claim(bench, 0.6)
    assert job is not None
    with keeper.holding(job):
        time.sleep(1.2)
        assert _claim(bench, 60) is None
    renewing.stop()
    time.sleep(0.7)
    taken = _claim(bench, 60)
    assert taken is not None
    assert (taken.id, taken.attempts, taken.fence) == (job.id, 2, job.fence + 1)
