"""Print edges as jobs: the file they leave beside the soft one, and what they refuse."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter
from prometheus_client import REGISTRY

from shared.db import ids, jobs
from shared.models.asset import Asset, AssetKind
from shared.models.job import Job, JobError, JobState, JobType
from shared.models.print_edges import Gate, PrintEdgesInput, PrintEdgesResult
from tests.services import pictures
from tests.services.worker.conftest import OWNER, Bench
from tests.services.worker.rembg_double import cut_out


def _harden(bench: Bench, asset: Asset, **asked: float) -> Job:
    with bench.database.transaction() as connection:
        given = PrintEdgesInput(**asked).json()
        job = jobs.create(connection, ids.new(), OWNER, asset.id, type=JobType.PRINT_EDGES, input=given)
    return bench.run(job.id)


def _result(job: Job) -> PrintEdgesResult:
    assert job.status is JobState.DONE, job.error
    assert job.result is not None
    return PrintEdgesResult.read(job.result)


def _soft(alpha: int = 255) -> bytes:
    mask = Image.new("L", (400, 400))
    mask.paste(alpha, (100, 100, 300, 300))
    picture = Image.new("RGB", (400, 400), (200, 60, 20))
    picture.putalpha(mask.filter(ImageFilter.GaussianBlur(4)))
    return pictures.encoded(picture, "PNG")


def test_the_file_is_hard_as_large_as_the_soft_one_and_can_be_printed(bench: Bench) -> None:
    soft = bench.source(_soft())
    job = _harden(bench, soft, width_mm=50)
    result, file = _result(job), bench.made(job.id)[AssetKind.PRINT]
    assert (result.asset_id, result.key, result.bytes) == (file.id, file.key, file.bytes)
    assert (file.content_type, file.made_of, file.name, file.owner) == ("image/png", soft.id, "shirt.jpg", OWNER)
    alpha = np.asarray(Image.open(io.BytesIO(bench.storage.get(file.key))).getchannel("A"))
    assert alpha.shape == (400, 400)
    assert ((alpha > 0) & (alpha < 255)).mean() < 0.02
    assert (result.gate, round(result.rim_px)) == (Gate.COMPARE, 11)
    assert 0.15 < result.uncertain < 0.35
    assert -0.05 < result.ink_change < 0


def test_the_uncertain_share_is_measured(bench: Bench) -> None:
    def sums() -> tuple[float, float]:
        names = ("stolentee_print_edges_uncertain_ratio_count", "stolentee_print_edges_uncertain_ratio_sum")
        count, total = (REGISTRY.get_sample_value(name) or 0 for name in names)
        return count, total

    count, total = sums()
    result = _result(_harden(bench, bench.source(_soft())))
    assert sums()[0] == count + 1
    assert sums()[1] == pytest.approx(total + result.uncertain)


def test_colours_at_the_edge_are_those_of_the_photograph(bench: Bench) -> None:
    bench.rembg.answer = cut_out(400, 300)
    cutout = bench.made(bench.run(bench.order(pictures.jpeg(400, 300))).id)[AssetKind.CUTOUT]
    file = bench.made(_harden(bench, cutout, choke_px=0).id)[AssetKind.PRINT]
    made = np.asarray(Image.open(io.BytesIO(bench.storage.get(file.key))))
    photograph = np.asarray(Image.open(io.BytesIO(pictures.jpeg(400, 300))).convert("RGB"))
    inside = slice(90, 130), slice(120, 180)  # far from the edge
    assert (made[inside][..., :3] == photograph[inside]).all()


def test_nothing_to_print_fails_at_once(bench: Bench) -> None:
    job = _harden(bench, bench.source(_soft(alpha=0)))
    assert (job.status, job.attempts) == (JobState.FAILED, 1)
    assert job.error == JobError("no_ink", "The picture has nothing to print: it is transparent everywhere.")


def test_equal_bytes_are_not_hardened_twice(bench: Bench) -> None:
    first = _harden(bench, bench.source(_soft()))
    made = bench.made(first.id)[AssetKind.PRINT]
    bench.say("update assets set kind = 'cutout' where id = %s", first.asset_id)  # of sources there is only one
    again = _harden(bench, bench.source(_soft()))  # another asset with the same bytes
    copy = bench.made(again.id)[AssetKind.PRINT]
    assert again.asset_id != first.asset_id
    assert (copy.key, copy.made_of) == (made.key, again.asset_id)
    assert copy.id != made.id
    assert _result(again).asset_id == copy.id
    assert again.timings.fetch_ms is None  # it was not even read
    third = _harden(bench, bench.source(_soft()), choke_px=0)
    assert third.timings.fetch_ms is not None


@pytest.mark.parametrize("given", [{"width_mm": float("nan")}, {"chokePx": 1}, {"choke_px": "much"}])
def test_an_input_of_another_release_costs_an_attempt(given: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        PrintEdgesInput.read(given)
