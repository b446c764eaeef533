"""What follows a cut-out by itself: print edges, then their check, each in the transaction that ends the one before."""

from uuid import UUID

import pytest

from services.worker.runner import Runner
from shared.db import assets, jobs, print_jobs
from shared.models.asset import Asset, AssetKind
from shared.models.job import Job, JobState, JobType
from shared.models.print_check import PrintCheckResult
from shared.models.print_edges import Gate, PrintEdgesResult
from shared.models.rendering import Format, Rendering
from tests.services import pictures
from tests.services.worker.conftest import OWNER, Bench
from tests.services.worker.rembg_double import cut_out

PICTURE = pictures.jpeg(400, 300)


@pytest.fixture
def runner(bench: Bench) -> Runner:
    bench.rembg.answer = cut_out(400, 300)
    return bench.runner_with(prints=True)


def _steps(bench: Bench, job_id: UUID) -> list[Job]:
    with bench.database.transaction() as connection:
        return print_jobs.following(connection, [job_id])[job_id]


def _whole(bench: Bench, job_id: UUID) -> Asset:
    cutout = bench.made(job_id)[AssetKind.CUTOUT]
    with bench.database.transaction() as connection:
        whole = assets.whole_cutout(connection, cutout)
    assert whole is not None
    return whole


def test_a_cutout_is_followed_by_its_edges_and_they_by_their_check(bench: Bench, runner: Runner) -> None:
    job_id = bench.order(PICTURE)
    assert [runner.run_next() for _ in range(4)] == [True, True, True, False]
    edges, check = _steps(bench, job_id)
    assert [(step.type, step.status, step.priority, step.owner) for step in (edges, check)] == [
        (JobType.PRINT_EDGES, JobState.DONE, 6, OWNER),
        (JobType.PRINT_CHECK, JobState.DONE, 6, OWNER),
    ]
    assert edges.asset_id == _whole(bench, job_id).id
    assert edges.result is not None
    assert check.result is not None
    made = PrintEdgesResult.read(edges.result)
    assert made.gate is Gate.APPLY
    assert PrintCheckResult.read(check.result).asset_id == made.asset_id == check.asset_id


def test_the_soft_file_is_checked_where_the_customer_must_decide(bench: Bench, runner: Runner) -> None:
    bench.rembg.answer = cut_out()  # so small that a choke changes a fifth of it
    job_id = bench.order()
    while runner.run_next():
        pass
    edges, check = _steps(bench, job_id)
    assert edges.result is not None
    assert PrintEdgesResult.read(edges.result).gate is Gate.ASK
    assert check.asset_id == _whole(bench, job_id).id


def test_without_the_setting_nothing_follows(bench: Bench) -> None:
    job = bench.run(bench.order())
    assert _steps(bench, job.id) == []


def test_the_least_urgent_cutout_is_followed_no_later(bench: Bench, runner: Runner) -> None:
    job_id = bench.order(PICTURE)
    bench.say("update jobs set priority = 9 where id = %s", job_id)
    runner.run_next()
    assert [step.priority for step in _steps(bench, job_id)] == [9]


def test_the_transparent_file_is_printed_whatever_file_was_asked_for(bench: Bench, runner: Runner) -> None:
    rendering = Rendering(format=Format.JPG, crop=True, bg_color=(255, 0, 0, 255))
    job_id = bench.order(PICTURE, rendering=rendering)
    runner.run_next()
    (edges,) = _steps(bench, job_id)
    with bench.database.transaction() as connection:
        printed = assets.find(connection, OWNER, edges.asset_id)
    assert printed is not None
    assert (printed.content_type, printed.width, printed.height) == ("image/png", 400, 300)


def test_a_reused_cutout_reuses_its_edges_and_their_check(bench: Bench, runner: Runner) -> None:
    first, second = bench.order(PICTURE), bench.order(PICTURE)
    while runner.run_next():
        pass
    assert len(bench.rembg.asked) == 1
    made, again = ([step.timings.fetch_ms for step in _steps(bench, job_id)] for job_id in (first, second))
    assert None not in made
    assert again == [None, None]
    keys = [PrintEdgesResult.read(_steps(bench, job_id)[0].result or {}).key for job_id in (first, second)]
    assert keys[0] == keys[1]


def test_a_step_that_failed_is_retried_alone_and_the_chain_goes_on(bench: Bench, runner: Runner) -> None:
    job_id = bench.order(PICTURE)
    runner.run_next()
    (edges,) = _steps(bench, job_id)
    key = _whole(bench, job_id).key
    data = bench.storage.get(key)
    bench.storage.delete(key)
    runner.run_next()
    assert [step.status for step in _steps(bench, job_id)] == [JobState.FAILED]
    assert bench.job(job_id).status is JobState.DONE
    bench.storage.put(key, data, "image/png", {})
    with bench.database.transaction() as connection:
        assert jobs.retry(connection, OWNER, edges.id)
    while runner.run_next():
        pass
    assert [step.status for step in _steps(bench, job_id)] == [JobState.DONE, JobState.DONE]


def test_what_lost_its_lease_is_followed_by_nothing(bench: Bench, runner: Runner) -> None:
    job_id = bench.order(PICTURE)
    bench.rembg.meanwhile = lambda: bench.say("update jobs set fence = fence + 1 where id = %s", job_id)
    runner.run_next()
    assert _steps(bench, job_id) == []


def test_deleting_the_cutout_deletes_and_cancels_what_follows(bench: Bench, runner: Runner) -> None:
    job_id = bench.order(PICTURE)
    runner.run_next()
    runner.run_next()
    edges, check = _steps(bench, job_id)
    file = bench.made(edges.id)[AssetKind.PRINT]
    with bench.database.transaction() as connection:
        assert assets.delete(connection, OWNER, _whole(bench, job_id).id) == 1
        assert assets.find(connection, None, file.id) is None
    assert bench.job(check.id).status is JobState.CANCELLED


def test_it_is_deleted_with_the_cutout_when_the_jobs_are_forgotten(bench: Bench, runner: Runner) -> None:
    job_id = bench.order(PICTURE)
    while runner.run_next():
        pass
    whole, file = _whole(bench, job_id), bench.made(_steps(bench, job_id)[0].id)[AssetKind.PRINT]
    with bench.database.transaction() as connection:
        source = assets.source_of(connection, file)
        assert source is not None
    bench.say("delete from jobs")
    with bench.database.transaction() as connection:
        assert assets.source_of(connection, file) == source  # the check stays exact
        assets.delete(connection, OWNER, source.id)
        assert assets.find(connection, None, file.id) is not None  # as the cut-out, which outlives its photograph
        assets.delete(connection, OWNER, whole.id)
        assert assets.find(connection, None, file.id) is None


def test_deleting_the_file_for_print_leaves_the_cutout(bench: Bench, runner: Runner) -> None:
    job_id = bench.order(PICTURE)
    while runner.run_next():
        pass
    whole, file = _whole(bench, job_id), bench.made(_steps(bench, job_id)[0].id)[AssetKind.PRINT]
    with bench.database.transaction() as connection:
        assets.delete(connection, OWNER, file.id)
        assert assets.find(connection, None, whole.id) is not None
        assert assets.find(connection, None, file.id) is None
