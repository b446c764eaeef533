"""One job from claim to its end: what is made of a good answer, and what every bad one becomes."""

import io
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image
from prometheus_client import REGISTRY

from shared import errors, metrics, storage, timeouts
from shared.db import assets, jobs
from shared.models.asset import Asset, AssetKind
from shared.models.cutout import Foreground, Provider
from shared.models.job import Job, JobError, JobState
from tests.services import pictures
from tests.services.worker.conftest import OWNER, SECRET, Bench
from tests.services.worker.rembg_double import Answer, cut_out, refusal


def _opened(bench: Bench, asset: Asset) -> Image.Image:
    return Image.open(io.BytesIO(bench.storage.get(asset.key)))


def test_nothing_to_do_is_nothing_done(bench: Bench) -> None:
    assert bench.runner.run_next() is False


def test_a_good_answer_ends_the_job_with_its_result(bench: Bench) -> None:
    job = bench.run(bench.order())
    assert (job.status, job.progress, job.attempts, job.provider) == (JobState.DONE, 100, 1, Provider.SELF_HOSTED)
    assert job.error is None
    result, made = bench.result(job), bench.made(job.id)
    assert result.asset_id == made["cutout"].id
    assert (result.cutout_key, result.preview_key, result.mask_key) == tuple(
        made[kind].key for kind in ("cutout", "preview", "mask")
    )
    assert (result.width, result.height, result.bytes) == (40, 30, len(pictures.cutout()))
    assert (result.model, result.uncertain, result.cost_microusd) == ("compact", 0.0, 0)
    assert result.foreground == Foreground(top=7, left=10, width=10, height=8)


def test_a_job_tells_how_long_each_step_took(bench: Bench) -> None:
    bench.rembg.answer = cut_out(wait_s=0.2)
    job = bench.run(bench.order())
    times = job.timings
    steps = (times.queued_ms, times.fetch_ms, times.remove_ms, times.store_ms)
    assert times.remove_ms is not None
    assert times.total_ms is not None
    assert times.remove_ms >= 200
    assert times.total_ms + 2 >= sum(step or 0 for step in steps)  # each is rounded
    assert None not in steps
    assert job.started_at is not None
    assert job.finished_at is not None
    assert job.created_at <= job.started_at <= job.finished_at


def test_three_objects_are_made_and_each_has_its_row(bench: Bench) -> None:
    made = bench.made(bench.run(bench.order()).id)
    assert set(made) == {AssetKind.CUTOUT, AssetKind.PREVIEW, AssetKind.MASK}
    for asset in made.values():
        stored = bench.storage.get(asset.key)
        digest = sha256(stored).hexdigest()
        assert (asset.sha256, asset.bytes, asset.owner, asset.name) == (digest, len(stored), OWNER, "shirt.jpg")
        assert asset.key == storage.key_for(SECRET, OWNER, digest, asset.content_type.removeprefix("image/"))
        with _opened(bench, asset) as picture:
            assert picture.size == (asset.width, asset.height)
            assert Image.MIME[picture.format or ""] == asset.content_type


def test_the_cut_out_is_the_answer_byte_by_byte_and_the_mask_its_alpha(bench: Bench) -> None:
    made = bench.made(bench.run(bench.order()).id)
    assert bench.storage.get(made["cutout"].key) == pictures.cutout()
    with _opened(bench, made["cutout"]) as cutout, _opened(bench, made["mask"]) as mask:
        assert mask.mode == "L"
        assert mask.tobytes() == cutout.getchannel("A").tobytes()


def test_the_preview_is_small_and_keeps_its_alpha(bench: Bench) -> None:
    bench.rembg.answer = cut_out(2000, 500)
    made = bench.made(bench.run(bench.order(pictures.jpeg(2000, 500))).id)
    with _opened(bench, made["preview"]) as preview:
        assert (preview.format, preview.mode, preview.size) == ("WEBP", "RGBA", (1024, 256))


def test_the_service_gets_the_picture_with_its_orientation_and_the_job_s_name(bench: Bench) -> None:
    bench.rembg.answer = cut_out(30, 40)
    job = bench.run(bench.order(pictures.marked_jpeg(orientation=6)))
    assert (bench.result(job).width, bench.result(job).height) == (30, 40)
    (asked,) = bench.rembg.asked
    assert asked.headers["X-Request-Id"] == f"{job.id}.1"
    assert pictures.MARKER not in asked.picture
    with Image.open(io.BytesIO(asked.picture)) as sent:
        assert (sent.size, sent.getexif()[0x0112]) == ((40, 30), 6)


def test_progress_is_shown_while_the_service_works(bench: Bench) -> None:
    job_id = bench.order()
    seen: list[tuple[str, int]] = []
    bench.rembg.meanwhile = lambda: seen.append((bench.job(job_id).status, bench.job(job_id).progress))
    bench.run(job_id)
    assert seen == [("running", 20)]


def test_a_picture_without_a_subject_fails_at_once(bench: Bench) -> None:
    bench.rembg.answer = refusal(422, "unknown_foreground", "Nothing stands out.")
    job = bench.run(bench.order())
    assert (job.status, job.attempts) == (JobState.FAILED, 1)
    assert job.error == JobError("unknown_foreground", "Nothing stands out.")
    assert job.finished_at is not None
    assert job.timings.remove_ms is not None
    assert bench.made(job.id) == {}


def test_a_wrong_answer_is_tried_three_times_and_then_given_up(bench: Bench) -> None:
    for answer in (
        refusal(500, "internal"),
        Answer(500, {}, b"oops"),
        cut_out(41, 30),  # of another size
        Answer(body=pictures.png()),  # without alpha
        Answer(body=pictures.jpeg()),
        Answer(body=pictures.cutout()[:-20]),
        cut_out(headers={}),
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


def test_a_wrong_answer_may_be_followed_by_a_good_one(bench: Bench) -> None:
    bench.rembg.answer = refusal(500, "internal")
    job_id = bench.order()
    bench.run(job_id)
    bench.rembg.answer = cut_out()
    job = bench.run(job_id)
    assert (job.status, job.attempts) == (JobState.DONE, 2)
    assert [asked.headers["X-Request-Id"] for asked in bench.rembg.asked] == [f"{job_id}.1", f"{job_id}.2"]


def test_a_service_that_is_away_is_waited_for_without_counting(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_service_that_stays_away_for_a_day_fails_the_job(bench: Bench) -> None:
    bench.rembg.answer = refusal(503, "busy")
    job_id = bench.order()
    bench.say("update jobs set created_at = now() - interval '25 hours'")
    job = bench.run(job_id)
    assert job.status is JobState.FAILED
    assert job.error == JobError("provider_failed", "A service that this job needs was unavailable for a day.")


def test_the_longer_a_job_waits_the_rarer_it_asks(bench: Bench) -> None:
    bench.rembg.answer = refusal(503, "busy")
    job_id = bench.order()
    waits = []
    for age in ("0 s", "60 s", "1 hour"):
        bench.say("update jobs set created_at = now() - %s::interval", age)
        bench.run(job_id)
        waits += bench.say("select round(extract(epoch from run_after - now()))::int as wait from jobs")
    assert [row["wait"] for row in waits] == [1, 7, 15]


@pytest.mark.parametrize("gone", ["row", "object"])
def test_a_source_that_is_gone_fails_the_job(bench: Bench, gone: str) -> None:
    job_id = bench.order()
    if gone == "row":
        with bench.database.transaction() as connection:
            assets.delete(connection, OWNER, bench.job(job_id).asset_id)
    else:
        bench.storage.delete(bench.source_key(job_id))
    job = bench.run(job_id)
    assert (job.status, job.attempts) == (JobState.FAILED, 1)
    assert job.error == JobError("source_missing", "The picture no longer exists.")
    assert bench.rembg.asked == []


def test_without_storage_a_job_waits_without_counting(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_source_with_a_single_bit_turned_is_missing_and_counted(bench: Bench) -> None:
    job_id = bench.order()
    path = bench.objects / bench.source_key(job_id)[:2] / bench.source_key(job_id)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    count = REGISTRY.get_sample_value("stolentee_objects_lost_total", {"reason": "damaged"}) or 0
    assert bench.run(job_id).error == JobError("source_missing", "The picture no longer exists.")
    assert REGISTRY.get_sample_value("stolentee_objects_lost_total", {"reason": "damaged"}) == count + 1


def test_a_job_that_breaks_the_worker_is_poison_after_three_times(bench: Bench) -> None:
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
            assert metrics.LEASES_LOST._value.get() == lost + (state == "running")  # a cancel is nobody's fault
        assert after.status == state
        assert [after] == before
        assert bench.made(job_id) == {}
        with bench.database.transaction() as connection:
            jobs.cancel(connection, OWNER, job_id)  # else the next job of this picture would wait for it


def test_whoever_took_over_finishes_what_the_lost_worker_began(bench: Bench) -> None:
    job_id = bench.order()
    bench.rembg.meanwhile = lambda: bench.say("update jobs set lease_until = now() - interval '1 s', fence = fence + 1")
    assert bench.run(job_id).status is JobState.RUNNING
    bench.rembg.meanwhile = lambda: None
    job = bench.run(job_id)
    assert (job.status, job.attempts) == (JobState.DONE, 2)
    assert len(bench.made(job_id)) == 3


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
