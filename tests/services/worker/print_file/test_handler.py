"""Print files as jobs: the files they store, and the failures they end with."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.db import assets, ids, jobs
from shared.images import press_profiles
from shared.images.press_profiles import Profiles
from shared.models.asset import Asset, AssetKind
from shared.models.job import Job, JobState, JobType
from shared.models.print_file import PrintFileInput, PrintFileResult, PrintFormat, Space, Underbase
from tests.services import pictures
from tests.services.worker.conftest import OWNER, Bench
from tests.services.worker.print_file.pictures import badge


def run(bench: Bench, rgba: np.ndarray, asked: PrintFileInput) -> Job:
    asset = bench.source(pictures.encoded(Image.fromarray(rgba), "PNG"))
    with bench.database.transaction() as connection:
        job = jobs.create(connection, ids.new(), OWNER, asset.id, type=JobType.PRINT_FILE, input=asked.json())
    return bench.run(job.id)


def result(job: Job) -> PrintFileResult:
    assert job.status is JobState.DONE, job.error
    assert job.result is not None
    return PrintFileResult.read(job.result)


def row(bench: Bench, key: str) -> Asset:
    with bench.database.transaction() as connection:
        found = assets.by_key(connection, key)
    assert found is not None
    return found


def test_the_file_is_stored_with_its_facts(bench: Bench) -> None:
    made = result(run(bench, badge(), PrintFileInput(width_mm=50)))
    asset = row(bench, made.key)
    data = bench.storage.get(made.key)
    assert (asset.id, asset.kind, asset.content_type) == (made.asset_id, AssetKind.FILE, "image/png")
    assert (asset.width, asset.height, asset.bytes) == (made.width, made.height, len(data)) == (591, 591, made.bytes)
    assert asset.stored_sha256 == hashlib.sha256(data).hexdigest()
    assert (made.width_mm, made.height_mm) == (50.038, 50.038)
    with Image.open(io.BytesIO(data)) as found:
        assert (found.size, found.mode) == ((591, 591), "RGBA")
    assert made.plate_id is None


def test_a_turned_file_states_its_size_and_where_it_lies(bench: Bench) -> None:
    made = result(run(bench, badge(), PrintFileInput(width_mm=50, rotation_mdeg=15_500)))
    with Image.open(io.BytesIO(bench.storage.get(made.key))) as found:
        assert found.size == (made.width, made.height)
        assert found.info["dpi"] == (299.9994, 299.9994)
    assert (made.width_mm, made.height_mm) == (round(made.width * 25.4 / 300, 3), round(made.height * 25.4 / 300, 3))
    assert made.left_mm == made.top_mm == pytest.approx((50.038 - made.width_mm) / 2, abs=0.001)  # a disc


def test_a_plate_is_a_file_of_its_own(bench: Bench) -> None:
    made = result(run(bench, badge(), PrintFileInput(width_mm=50, underbase=Underbase.PLATE, format=PrintFormat.PDF)))
    assert made.key.endswith(".pdf")
    assert made.plate_key is not None
    plate = row(bench, made.plate_key)
    assert (plate.id, plate.content_type, plate.bytes) == (made.plate_id, "image/png", made.plate_bytes)
    with Image.open(io.BytesIO(bench.storage.get(made.plate_key))) as found:
        assert (found.size, found.mode) == ((591, 591), "L")


def test_the_same_job_stores_the_same_file(bench: Bench) -> None:
    asked = PrintFileInput(width_mm=30, format=PrintFormat.PDF, space=Space.CMYK, underbase=Underbase.SPOT)
    assert result(run(bench, badge(), asked)).key == result(run(bench, badge(), asked)).key


def test_a_named_profile_is_the_one_in_the_file(bench: Bench, tmp_path: Path) -> None:
    profile = press_profiles.own() + b"\0\0\0\0"
    (tmp_path / "dtf.icc").write_bytes(profile)
    profiles = Profiles.read(tmp_path)
    bench.runner = bench.runner_with(profiles=profiles)
    digest = profiles.digests["dtf"]
    made = result(run(bench, badge(), PrintFileInput(30, format=PrintFormat.TIFF, space=Space.CMYK, profile=digest)))
    assert profile in bench.storage.get(made.key)


def test_a_job_waits_for_a_profile_that_the_worker_lacks(bench: Bench) -> None:
    asked = PrintFileInput(width_mm=30, format=PrintFormat.TIFF, space=Space.CMYK, profile="ab" * 32)
    assert run(bench, badge(), asked).status is JobState.QUEUED


def test_what_cannot_be_printed_is_refused_by_name(bench: Bench) -> None:
    clear = run(bench, np.zeros((40, 40, 4), np.uint8), PrintFileInput(width_mm=50))
    large = run(bench, badge(), PrintFileInput(width_mm=900, dpi=600))
    assert [job.error.code for job in (clear, large) if job.error] == ["no_ink", "too_large"]
