"""Compositions as jobs: the file of remove.bg's API, what is told of it, and that no removal is repeated."""

import io
import zipfile
from typing import Any
from uuid import UUID, uuid4

import pytest
from PIL import Image

from shared.db import assets
from shared.models.asset import Asset, AssetKind
from shared.models.composition import Composition, Format, Length, Shadow, Subject
from shared.models.cutout import Composed, Foreground
from shared.models.job import Job, JobError, JobFailure, JobState
from tests.services import pictures
from tests.services.worker.conftest import OWNER, Bench
from tests.services.worker.rembg_double import cut_out

SUBJECT = Foreground(top=7, left=10, width=10, height=8)  # what the double cuts out of 40 x 30


def order(bench: Bench, data: bytes | None = None, **asked: Any) -> UUID:
    return bench.order(data, composition=Composition(**asked))


def file_of(bench: Bench, job: Job) -> tuple[Asset, bytes]:
    assert job.status is JobState.DONE, job.error
    with bench.database.transaction() as connection:
        asset = assets.find(connection, OWNER, bench.result(job).asset_id)
    assert asset is not None
    return asset, bench.storage.get(asset.key)


def test_the_file_is_the_result_and_the_whole_cutout_stays_beside_it(bench: Bench) -> None:
    job = bench.run(order(bench, crop=True, bg_color=(0, 0, 255, 255)))
    asset, data = file_of(bench, job)
    result = bench.result(job)
    assert (asset.kind, asset.content_type, len(data)) == (AssetKind.FILE, "image/jpeg", result.bytes)
    assert (result.width, result.height) == Image.open(io.BytesIO(data)).size == (10, 8)
    assert result.foreground == SUBJECT
    assert result.composed == Composed(Subject.OTHER, SUBJECT, 10, 8)
    made = bench.made(job.id)
    assert set(made) == {AssetKind.CUTOUT, AssetKind.PREVIEW, AssetKind.MASK, AssetKind.FILE}
    assert bench.storage.get(made["cutout"].key) == pictures.cutout()


def test_the_provider_is_asked_for_the_cutout_alone(bench: Bench) -> None:
    bench.run(order(bench, crop=True, shadow=Shadow.DROP))
    assert [asked.path for asked in bench.rembg.asked] == ["/remove"]


def test_a_zip_is_stored_as_a_zip(bench: Bench) -> None:
    asset, data = file_of(bench, bench.run(order(bench, format=Format.ZIP)))
    assert asset.content_type == "application/zip"
    assert asset.key.endswith(".zip")
    assert zipfile.ZipFile(io.BytesIO(data)).namelist() == ["color.jpg", "alpha.png"]


def test_an_equal_cutout_is_reused_in_both_directions(bench: Bench) -> None:
    first = bench.run(order(bench))
    second = bench.run(order(bench, format=Format.ZIP))
    plain = bench.run(bench.order())
    third = bench.run(order(bench, format=Format.JPG))
    assert len(bench.rembg.asked) == 1
    assert [file_of(bench, job)[0].content_type for job in (first, second, plain, third)] == [
        "image/png",
        "application/zip",
        "image/png",
        "image/jpeg",
    ]
    assert file_of(bench, plain)[1] == pictures.cutout()
    assert bench.result(plain).composed is None
    assert len(bench.made(plain.id)) == 3


def test_nothing_is_made_for_print_of_a_composition(bench: Bench) -> None:
    bench.runner = bench.runner_with(prints=True)
    job = bench.run(order(bench))
    assert not bench.say("select id from jobs where parent_id = %s", job.id)


def test_a_background_fills_the_file_and_a_deleted_one_fails_before_the_removal(bench: Bench) -> None:
    blue = bench.source(pictures.jpeg(20, 20))
    asset, _ = file_of(bench, bench.run(order(bench, bg_asset=blue.id)))
    assert (asset.content_type, asset.width, asset.height) == ("image/jpeg", 40, 30)
    failed = bench.run(order(bench, pictures.jpeg(41, 30), bg_asset=uuid4()))
    assert isinstance(failed.error, JobError)
    assert failed.error.code == JobFailure.SOURCE_MISSING
    assert len(bench.rembg.asked) == 1


def test_a_region_without_a_subject_fails_the_job(bench: Bench) -> None:
    corner = (Length(0, "px"), Length(0, "px"), Length(5, "px"), Length(5, "px"))
    failed = bench.run(order(bench, roi=corner))
    assert (failed.status, failed.attempts) == (JobState.FAILED, 1)
    assert failed.error is not None
    assert failed.error.code == JobFailure.UNKNOWN_FOREGROUND


@pytest.mark.parametrize("orientation", [6, 8])
def test_the_foreground_and_the_region_are_those_of_the_upright_picture(bench: Bench, orientation: int) -> None:
    bench.rembg.answer = cut_out(30, 40)
    upper = (Length(0, "%"), Length(0, "%"), Length(100, "%"), Length(15, "px"))
    job = bench.run(order(bench, pictures.marked_jpeg(orientation), roi=upper))
    composed = bench.result(job).composed
    assert composed is not None
    assert (composed.max_width, composed.max_height) == (30, 40)
    assert composed.foreground == Foreground(top=10, left=7, width=8, height=5)
