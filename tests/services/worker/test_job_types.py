"""A new job type is a folder and a line: this one lives in the tests and runs in the real runner, over Postgres."""

import subprocess
import sys
from typing import Any
from uuid import UUID

import pytest

from services.worker import job_types
from services.worker.handlers import Resources
from services.worker.runner import Runner
from shared.db import ids, jobs
from shared.models.job import QUEUES, JobError, JobState, JobType, Queue
from tests.services.worker.conftest import OWNER, SECRET, Bench
from tests.services.worker.wordcount.handler import Result, WordCountHandler


@pytest.fixture
def runner(bench: Bench) -> Runner:
    resources = Resources(bench.database, bench.storage, bench.router(), SECRET)
    handlers = {**job_types.handlers(resources, [Queue.CUTOUTS]), "wordcount": WordCountHandler(resources)}
    return Runner(bench.database, bench.leases, handlers, threads=3, queues=[Queue.CUTOUTS])


def _order(bench: Bench, **given: Any) -> UUID:
    asset_id = bench.source().id
    with bench.database.transaction() as connection:
        return jobs.create(connection, ids.new(), OWNER, asset_id, type="wordcount", input=given).id


def test_its_input_and_its_result_are_its_own(bench: Bench, runner: Runner) -> None:
    job_id = _order(bench, text="a picture and its words")
    assert runner.run_next()
    job = bench.job(job_id)
    assert (job.status, job.progress, job.provider) == (JobState.DONE, 100, None)
    assert job.result is not None
    assert Result.read(job.result) == Result(words=5)


def test_its_failures_are_settled_like_those_of_any_other(bench: Bench, runner: Runner) -> None:
    empty, invalid = _order(bench, text=""), _order(bench, text=7)
    assert [runner.run_next() for _ in range(3)] == [True, True, False]
    assert bench.job(empty).error == JobError("source_missing", "The text is empty.")
    assert (bench.job(invalid).status, bench.job(invalid).attempts) == (JobState.QUEUED, 1)


def test_a_worker_that_does_not_know_it_leaves_it_to_others(bench: Bench, runner: Runner) -> None:
    job_id = _order(bench, text="for a newer release")
    assert not bench.runner.run_next()
    cutout = bench.order()
    assert bench.runner.run_next()
    assert (bench.job(cutout).status, bench.job(job_id).status) == (JobState.DONE, JobState.QUEUED)
    assert runner.run_next()
    assert bench.job(job_id).status is JobState.DONE


def test_a_worker_has_the_types_of_its_queues(bench: Bench) -> None:
    resources = Resources(bench.database, bench.storage, bench.router(), SECRET)
    assert [*job_types.handlers(resources, [Queue.CUTOUTS])] == [JobType.CUTOUT]
    for queue in (Queue.QUICK, Queue.SLOW):
        assert all(QUEUES[name] is queue for name in job_types.handlers(resources, [queue]))


def test_a_worker_of_cut_outs_does_not_import_print_jobs() -> None:
    code = "import sys, services.worker.app; print('services.worker.print_job_types' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_an_image_without_the_libraries_of_print_jobs_is_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "services.worker.print_job_types", None)
    resources = Resources(bench.database, bench.storage, bench.router(), SECRET)
    assert job_types.handlers(resources, [Queue.CUTOUTS])
    with pytest.raises(ValueError, match="dependency group print"):
        job_types.handlers(resources, [Queue.CUTOUTS, Queue.QUICK])
