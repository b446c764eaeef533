"""Cut-outs: what a good response becomes, and what the provider gets."""

import io
from hashlib import sha256

import pytest
from PIL import Image
from prometheus_client import REGISTRY

from shared import storage
from shared.models.asset import Asset, AssetKind
from shared.models.cutout import Foreground, MaskPrecision, Provider
from shared.models.job import JobError, JobState
from tests.services import pictures
from tests.services.worker.conftest import OWNER, SECRET, Bench
from tests.services.worker.rembg_double import cut_out, refusal


def _opened(bench: Bench, asset: Asset) -> Image.Image:
    return Image.open(io.BytesIO(bench.storage.get(asset.key)))


def test_a_good_response_finishes_the_job_with_its_result(bench: Bench) -> None:
    bench.rembg.answer = cut_out(headers={"X-Mask-Precision": "float"})
    job = bench.run(bench.order())
    assert (job.status, job.progress, job.attempts, job.provider) == (JobState.DONE, 100, 1, Provider.SELF_HOSTED)
    assert job.error is None
    result, made = bench.result(job), bench.made(job.id)
    assert result.asset_id == made["cutout"].id
    assert (result.cutout_key, result.preview_key, result.mask_key) == tuple(
        made[kind].key for kind in ("cutout", "preview", "mask")
    )
    assert (result.width, result.height, result.bytes) == (40, 30, len(pictures.cutout()))
    assert (result.model, job.precision) == ("compact", MaskPrecision.FLOAT)
    assert (result.uncertain, result.cost_microusd) == (0.0, 0)
    assert result.foreground == Foreground(top=7, left=10, width=10, height=8)


def test_every_step_is_timed(bench: Bench) -> None:
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


def test_cutout_preview_and_mask_are_stored_with_their_rows(bench: Bench) -> None:
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


def test_the_cutout_is_the_response_byte_for_byte_and_the_mask_its_alpha(bench: Bench) -> None:
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


def test_the_provider_gets_the_picture_with_its_orientation_and_an_id(bench: Bench) -> None:
    bench.rembg.answer = cut_out(30, 40)
    job = bench.run(bench.order(pictures.marked_jpeg(orientation=6)))
    assert (bench.result(job).width, bench.result(job).height) == (30, 40)
    (asked,) = bench.rembg.asked
    assert asked.headers["X-Request-Id"] == f"{job.id}.1"
    assert pictures.MARKER not in asked.picture
    with Image.open(io.BytesIO(asked.picture)) as sent:
        assert (sent.size, sent.getexif()[0x0112]) == ((40, 30), 6)


def test_progress_is_visible_during_the_provider_call(bench: Bench) -> None:
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


@pytest.mark.parametrize("gone", ["row", "object"])
def test_a_missing_source_fails_the_job(bench: Bench, gone: str) -> None:
    job_id = bench.order()
    if gone == "row":
        bench.say("update assets set deleted_at = now()")  # by a release that leaves the job
    else:
        bench.storage.delete(bench.source_key(job_id))
    job = bench.run(job_id)
    assert (job.status, job.attempts) == (JobState.FAILED, 1)
    assert job.error == JobError("source_missing", "The picture no longer exists.")
    assert bench.rembg.asked == []


def test_a_source_with_one_flipped_bit_counts_as_missing(bench: Bench) -> None:
    job_id = bench.order()
    path = bench.objects / bench.source_key(job_id)[:2] / bench.source_key(job_id)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    count = REGISTRY.get_sample_value("stolentee_objects_lost_total", {"reason": "damaged"}) or 0
    assert bench.run(job_id).error == JobError("source_missing", "The picture no longer exists.")
    assert REGISTRY.get_sample_value("stolentee_objects_lost_total", {"reason": "damaged"}) == count + 1
