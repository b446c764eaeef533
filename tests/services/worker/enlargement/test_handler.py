"""Enlargements as jobs: the file they leave, what they refuse, and that the print check is not deceived by them."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shared.db import ids, jobs
from shared.models.asset import Asset, AssetKind
from shared.models.enlargement import EnlargementInput, EnlargementResult, Way
from shared.models.job import Job, JobState, JobType
from shared.models.print_check import Code, PrintCheckInput, PrintCheckResult
from shared.models.print_edges import PrintEdgesInput
from tests.services import pictures
from tests.services.worker.conftest import OWNER, Bench
from tests.services.worker.vector.logos import INKS, Pixels, logo, photograph


def _run(bench: Bench, asset: Asset, job_type: JobType, given: Any) -> Job:
    with bench.database.transaction() as connection:
        job = jobs.create(connection, ids.new(), OWNER, asset.id, type=job_type, input=given.json())
    return bench.run(job.id)


def _enlarge(bench: Bench, rgba: Pixels, asked: EnlargementInput) -> Job:
    asset = bench.source(pictures.encoded(Image.fromarray(rgba), "PNG"))
    return _run(bench, asset, JobType.ENLARGEMENT, asked)


def _result(job: Job) -> EnlargementResult:
    assert job.status is JobState.DONE, job.error
    assert job.result is not None
    made = EnlargementResult.read(job.result)
    assert EnlargementResult.read(made.json()) == made
    return made


def _checked(bench: Bench, asset: Asset, width_mm: float) -> PrintCheckResult:
    job = _run(bench, asset, JobType.PRINT_CHECK, PrintCheckInput(width_mm))
    assert job.result is not None, job.error
    return PrintCheckResult.read(job.result)


def test_a_logo_gets_sharp_outlines_and_the_resolution_that_was_asked_for(bench: Bench) -> None:
    job = _enlarge(bench, logo(200), EnlargementInput(width_mm=80))
    result, file = _result(job), bench.made(job.id)[AssetKind.PRINT]
    assert (result.method, result.dpi, result.width_mm) == (Way.FLAT, 300, 80)
    assert result.dpi_before == pytest.approx(300 / result.scale, abs=0.1)
    assert (result.asset_id, result.key, file.enlarged) == (file.id, file.key, None)
    shown = Image.open(io.BytesIO(bench.storage.get(file.key)))
    assert shown.size == (result.width, result.height)
    assert shown.info["dpi"] == pytest.approx((300, 300), abs=0.01)
    left, _, right, _ = shown.getchannel("A").point(lambda alpha: 255 * (alpha >= 128)).getbbox() or (0, 0, 0, 0)
    assert right - left == pytest.approx(80 * 300 / 25.4, abs=4)
    opaque = np.asarray(shown)[np.asarray(shown)[..., 3] == 255][:, :3]
    assert {tuple(ink) for ink in np.unique(opaque[::50], axis=0).tolist()} >= set(INKS[:4])  # but for the thin lines


def test_a_photograph_stays_smooth_and_its_detail_is_shown_before_and_after(bench: Bench) -> None:
    result = _result(_enlarge(bench, photograph(300), EnlargementInput(width_mm=100, dpi=200)))
    assert (result.method, result.changed) == (Way.LANCZOS, 0)
    assert (result.width, result.height) == (787, 787)
    before, after = (Image.open(io.BytesIO(bench.storage.get(key))) for key in (result.before_key, result.after_key))
    assert before.size == after.size == (480, 480)


def test_letters_that_are_too_small_for_sharp_outlines_are_left_smooth(bench: Bench) -> None:
    assert _result(_enlarge(bench, logo(48), EnlargementInput(width_mm=60))).method is Way.LANCZOS
    forced = _result(_enlarge(bench, logo(48), EnlargementInput(width_mm=60, method=Way.FLAT)))
    assert forced.method is Way.FLAT
    assert forced.changed > 0.03


def test_the_print_check_counts_only_the_detail_that_a_photograph_had(bench: Bench) -> None:
    job = _enlarge(bench, photograph(300), EnlargementInput(width_mm=100))
    file = bench.made(job.id)[AssetKind.PRINT]
    hardened = _run(bench, file, JobType.PRINT_EDGES, PrintEdgesInput(100))
    for asset in (file, bench.made(hardened.id)[AssetKind.PRINT]):
        report = _checked(bench, asset, 100)
        assert report.figures
        assert report.figures.dpi == pytest.approx(300 / 100 * 25.4, abs=1)
        (found,) = (finding for finding in report.findings if finding.code is Code.DPI)
        assert "no detail" in found.fix


def test_the_print_check_finds_a_logo_sharp_once_it_was_enlarged(bench: Bench) -> None:
    soft = bench.source(pictures.encoded(Image.fromarray(logo(200)), "PNG"))
    (found,) = (finding for finding in _checked(bench, soft, 100).findings if finding.code is Code.DPI)
    assert "An enlargement makes logos sharp" in found.fix
    file = bench.made(_run(bench, soft, JobType.ENLARGEMENT, EnlargementInput(100)).id)[AssetKind.PRINT]
    report = _checked(bench, file, 100)
    assert report.figures
    assert report.figures.dpi == pytest.approx(300, abs=1)
    assert {finding.code for finding in report.findings}.isdisjoint({Code.DPI, Code.CROPPED, Code.SOFT_RIM})


def test_an_enlargement_of_an_enlargement_remembers_both(bench: Bench) -> None:
    first = bench.made(_enlarge(bench, photograph(100), EnlargementInput(50)).id)[AssetKind.PRINT]
    job = _run(bench, first, JobType.ENLARGEMENT, EnlargementInput(100, 300, Way.LANCZOS))
    assert bench.made(job.id)[AssetKind.PRINT].enlarged == pytest.approx(100 * 300 / 25.4 / 100, rel=0.01)
    assert _result(job).dpi_before == pytest.approx(25.4, abs=0.2)


@pytest.mark.parametrize(
    ("picture", "asked", "code"),
    [
        (photograph(300), EnlargementInput(100, 300, Way.FLAT), "not_flat_artwork"),
        (photograph(300), EnlargementInput(20), "large_enough"),
        (photograph(300), EnlargementInput(5000, 1200), "too_large"),
        (np.full((20, 4000, 4), 255, np.uint8), EnlargementInput(1500), "too_large"),
        (np.zeros((50, 50, 4), np.uint8), EnlargementInput(100), "no_ink"),
    ],
    ids=("photograph", "enough", "pixels", "side", "clear"),
)
def test_what_cannot_be_enlarged_is_refused_by_name(
    bench: Bench, picture: Pixels, asked: EnlargementInput, code: str
) -> None:
    job = _enlarge(bench, picture, asked)
    assert job.error is not None
    assert job.error.code == code
