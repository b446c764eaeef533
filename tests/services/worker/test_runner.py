"""The runner: how jobs end, whatever their handler does, and what a lost lease prevents."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from services.worker.handlers import Task
from services.worker.runner import Runner
from shared import errors, metrics, timeouts
from shared.db import assets, ids, jobs
from shared.models.job import Job, JobError, JobState, JobType, Outcome, Queue
from tests.services import pictures
from tests.services.worker.conftest import OWNER, Bench
from tests.services.worker.rembg_double import Answer, cut_out, refusal


def test_without_a_due_job_nothing_happens(bench: Bench) -> None:
    assert bench.runner.run_next() is False


def test_a_job_fails_after_three_wrong_responses(bench: Bench) -> None:
    for answer in (
        refusal(500, "internal"),
        Answer(500, {}, b"oops"),
        cut_out(41, 30),  # of another size
        Answer(body=pictures.png()),  # without alpha
        Answer(body=pictures.jpeg()),
        Answer(body=pictures.cutout()[:-20]),
        Answer(headers={}, body=pictures.cutout()),
    ):
        bench.runner = bench.runner_with()  # its breaker has seen no failure yet
        bench.rembg.answer = answer
        job_id = bench.order()
        for attempt in (1, 2):
            job = bench.run(job_id)
            assert (job.status, job.attempts, job.error) == (JobState.QUEUED, attempt, None)
            assert not bench.runner.run_next()  # not yet
        job = bench.run(job_id)
        assert (job.status, job.attempts) == (JobState.FAILED, 3)
        assert job.error == JobError("provider_failed", "Every attempt at this job failed.")
        assert bench.made(job_id) == {}


def test_a_good_response_after_a_wrong_one_finishes_the_job(bench: Bench) -> None:
    bench.rembg.answer = refusal(500, "internal")
    job_id = bench.order()
    bench.run(job_id)
    bench.rembg.answer = cut_out()
    job = bench.run(job_id)
    assert (job.status, job.attempts) == (JobState.DONE, 2)
    assert [asked.headers["X-Request-Id"] for asked in bench.rembg.asked] == [f"{job_id}.1", f"{job_id}.2"]


def test_an_unavailable_provider_postpones_the_job_without_counting(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeouts, "PROVIDER_READ_S", 0.2)
    job_id = bench.order()
    for answer in (refusal(503, "busy"), refusal(429, "rate_limited"), cut_out(share=0.5), cut_out(wait_s=0.5)):
        bench.rembg.answer = answer
        job = bench.run(job_id)
        assert (job.status, job.attempts, job.progress, job.error) == (JobState.QUEUED, 0, 0, None)
        (row,) = bench.say("select extract(epoch from run_after - now())::float as wait from jobs")
        assert 0 < row["wait"] < 15
    bench.rembg.stop()
    assert bench.run(job_id).status is JobState.QUEUED


def test_a_provider_that_refuses_a_job_for_a_day_in_a_row_fails_it(bench: Bench) -> None:
    bench.rembg.answer = refusal(503, "busy")
    job_id = bench.order()
    bench.run(job_id)
    bench.say("update jobs set postponed_s = postponed_s + 86400")
    job = bench.run(job_id)
    assert job.status is JobState.FAILED
    assert job.error == JobError("provider_failed", "A service that this job needs was unavailable for a day.")
    with bench.database.transaction() as connection:
        assert jobs.retry(connection, OWNER, job_id)
    assert bench.run(job_id).status is JobState.QUEUED  # with the patience of a new job


def test_the_age_of_a_job_and_time_without_a_worker_cost_no_patience(bench: Bench) -> None:
    bench.rembg.answer = refusal(503, "busy")
    job_id = bench.order()
    for _ in range(2):  # refused, then no worker ran for a weekend
        bench.say("update jobs set created_at = created_at - interval '3 days', run_after = now() - interval '3 days'")
        assert bench.runner.run_next()
        (row,) = bench.say("select status, round(extract(epoch from run_after - now()))::int as wait from jobs")
        assert row == {"status": "queued", "wait": 1}
    bench.rembg.answer = cut_out()
    assert bench.run(job_id).status is JobState.DONE


def test_each_refusal_in_a_row_is_waited_for_longer(bench: Bench) -> None:
    bench.rembg.answer = refusal(503, "busy")
    job_id = bench.order()
    waits = []
    for before_s in (0, 60, 3600):
        bench.say("update jobs set postponed_s = %s", before_s)
        bench.run(job_id)
        waits += bench.say("select round(extract(epoch from run_after - now()))::int as wait from jobs")
    assert [row["wait"] for row in waits] == [1, 7, 15]


def test_unavailable_storage_postpones_the_job_without_counting(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeouts, "RETRY_S", 0)
    job_id = bench.order()
    bench.block_storage()
    job = bench.run(job_id)
    assert (job.status, job.attempts) == (JobState.QUEUED, 0)
    bench.unblock_storage()
    bench.rembg.meanwhile = bench.block_storage
    job = bench.run(job_id)
    assert (job.status, job.attempts) == (JobState.QUEUED, 0)
    assert bench.made(job_id) == {}
    bench.unblock_storage()
    bench.rembg.meanwhile = lambda: None
    assert bench.run(job_id).status is JobState.DONE


def test_a_job_that_crashes_its_handler_three_times_is_poison(bench: Bench) -> None:
    job_id = bench.order(pictures.marked_jpeg(orientation=6))
    bench.say("update assets set stored_sha256 = null")  # as an older release left it
    bench.storage.put(bench.source_key(job_id), b"no picture any more", "image/jpeg", {})
    for attempt in (1, 2):
        job = bench.run(job_id)
        assert (job.status, job.attempts) == (JobState.QUEUED, attempt)
    job = bench.run(job_id)
    assert job.status is JobState.FAILED
    assert job.error == JobError("poison", "Every attempt at this job failed.")


def _lose_lease(bench: Bench, job_id: UUID) -> None:
    bench.say("update jobs set lease_until = now() - interval '1 s' where id = %s", job_id)
    assert bench.claim().id == job_id


def _cancel(bench: Bench, job_id: UUID) -> None:
    with bench.database.transaction() as connection:
        assert jobs.cancel(connection, OWNER, job_id)


@pytest.mark.parametrize(("happens", "state"), [(_lose_lease, "running"), (_cancel, "cancelled")])
def test_a_worker_that_lost_its_job_writes_nothing(
    bench: Bench, happens: Callable[[Bench, UUID], None], state: str
) -> None:
    for answer in (cut_out(), refusal(422, "unknown_foreground"), refusal(500, "x"), refusal(503, "x")):
        job_id = bench.order()
        before: list[Job] = []

        def meanwhile(job_id: UUID = job_id, before: list[Job] = before) -> None:
            happens(bench, job_id)
            before.append(bench.job(job_id))

        bench.rembg.answer, bench.rembg.meanwhile = answer, meanwhile
        lost = metrics.LEASES_LOST._value.get()
        after = bench.run(job_id)
        if answer.status in (200, 422):  # the others hand back what they no longer have
            assert metrics.LEASES_LOST._value.get() == lost + (state == "running")  # a cancelled job is no lost lease
        assert after.status == state
        assert [after] == before
        assert bench.made(job_id) == {}
        with bench.database.transaction() as connection:
            jobs.cancel(connection, OWNER, job_id)  # else the next job of this picture would wait for it


def test_another_worker_finishes_a_job_whose_lease_was_lost(bench: Bench) -> None:
    job_id = bench.order()
    bench.rembg.meanwhile = lambda: bench.say("update jobs set lease_until = now() - interval '1 s', fence = fence + 1")
    assert bench.run(job_id).status is JobState.RUNNING
    bench.rembg.meanwhile = lambda: None
    job = bench.run(job_id)
    assert (job.status, job.attempts) == (JobState.DONE, 2)
    assert len(bench.made(job_id)) == 3


def test_a_picture_deleted_while_its_job_runs_is_not_published(bench: Bench) -> None:
    def delete() -> None:
        with bench.database.transaction() as connection:
            assets.delete(connection, OWNER, bench.job(job_id).asset_id)

    job_id = bench.order()
    bench.rembg.meanwhile = delete
    assert bench.run(job_id).status is JobState.CANCELLED
    assert bench.made(job_id) == {}


def test_a_picture_deleted_by_a_release_that_leaves_its_job_is_not_published_either(bench: Bench) -> None:
    job_id = bench.order()
    bench.rembg.meanwhile = lambda: bench.say("update assets set deleted_at = now()")
    job = bench.run(job_id)
    assert job.status is JobState.FAILED
    assert job.error == JobError("source_missing", "The picture no longer exists.")
    assert bench.made(job_id) == {}


def test_without_the_database_a_job_is_left_to_its_lease(
    database_url: str, tmp_path: Path, lose_database: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeouts, "POOL_WAIT_S", 0.5)
    monkeypatch.setattr(timeouts, "RETRY_S", 0)
    bench = Bench(database_url, tmp_path)
    bench.order()
    bench.rembg.meanwhile = lose_database
    with pytest.raises(errors.Unavailable):
        bench.runner.run_next()
    bench.stop()


class _Noting:
    """A job type that only notes the queue of its jobs."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def run(self, task: Task) -> Outcome:
        self.ran.append(task.job.queue)
        return Outcome({})


def _runner(bench: Bench, *queues: Queue) -> tuple[Runner, _Noting]:
    noting = _Noting()
    return Runner(bench.database, bench.leases, dict.fromkeys(JobType, noting), 1, queues), noting


def _create(bench: Bench, **counts: int) -> None:
    picture = bench.source().id
    with bench.database.transaction() as connection:
        for type_, count in counts.items():
            for _ in range(count):
                jobs.create(connection, ids.new(), OWNER, picture, type=type_)


def test_queues_take_turns_weighted_towards_cut_outs(bench: Bench) -> None:
    runner, noting = _runner(bench, *Queue)
    _create(bench, gang_sheet=8, cutline=8, cutout=8)
    while runner.run_next():
        pass
    turns = ["jobs", "jobs", "print", "jobs", "jobs", "print_slow"]
    assert noting.ran[:12] == turns * 2
    assert Counter(noting.ran) == dict.fromkeys(Queue, 8)


def test_the_turn_of_an_empty_queue_goes_to_another(bench: Bench) -> None:
    runner, noting = _runner(bench, Queue.QUICK, Queue.SLOW)
    _create(bench, gang_sheet=3, cutout=1)
    assert [runner.run_next() for _ in range(4)] == [True, True, True, False]
    assert noting.ran == ["print_slow"] * 3
