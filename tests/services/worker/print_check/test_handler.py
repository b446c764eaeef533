"""Print checks as jobs: what they read, and the report they leave."""

import numpy as np
from PIL import Image
from prometheus_client import REGISTRY

from shared.db import ids, jobs
from shared.models.asset import Asset
from shared.models.job import Job, JobError, JobState, JobType
from shared.models.print_check import Code, Level, PrintCheckInput, PrintCheckResult
from tests.services import pictures
from tests.services.worker.conftest import OWNER, Bench


def _check(bench: Bench, asset: Asset, **asked: object) -> Job:
    with bench.database.transaction() as connection:
        given = PrintCheckInput(**asked).json()  # type: ignore[arg-type]
        job = jobs.create(connection, ids.new(), OWNER, asset.id, type=JobType.PRINT_CHECK, input=given)
    return bench.run(job.id)


def _report(job: Job) -> PrintCheckResult:
    assert job.status is JobState.DONE, job.error
    assert job.result is not None
    return PrintCheckResult.read(job.result)


def _square(side: int = 400, alpha: int = 255) -> bytes:
    pixels = np.zeros((side, side, 4), np.uint8)
    pixels[side // 4 : -side // 4, side // 4 : -side // 4] = (120, 110, 100, alpha)
    return pictures.encoded(Image.fromarray(pixels), "PNG")


def test_a_report_has_the_figures_of_the_print_that_was_asked_for(bench: Bench) -> None:
    report = _report(_check(bench, bench.source(_square()), width_mm=25.4))
    assert report.figures is not None
    assert (round(report.figures.dpi), round(report.figures.width_mm, 1)) == (200, 25.4)
    assert (report.ok, report.score, report.findings, report.width) == (True, 100, (), 400)


def test_without_a_width_it_is_judged_at_the_usual_one(bench: Bench) -> None:
    report = _report(_check(bench, bench.source(_square())))
    assert report.figures is not None
    assert report.figures.width_mm == 250
    (finding,) = report.findings
    assert (finding.code, finding.level, report.ok) == (Code.DPI, Level.FAIL, False)
    assert finding.where[0] == (100, 100, 300, 300)


def test_a_picture_without_ink_is_a_finding(bench: Bench) -> None:
    report = _report(_check(bench, bench.source(_square(alpha=0))))
    assert ([finding.code for finding in report.findings], report.figures) == ([Code.EMPTY], None)


def test_findings_are_counted_by_code_once_a_check_is_made(bench: Bench) -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("stolentee_print_check_findings_total", {"code": "empty"}) or 0

    before = counted()
    _check(bench, bench.source(_square(300, alpha=0)))
    _check(bench, bench.source(_square(300, alpha=0)))  # the same bytes: found, not made
    assert counted() == before + 1


def test_a_jpeg_is_checked_upright(bench: Bench) -> None:
    report = _report(_check(bench, bench.source(pictures.marked_jpeg(orientation=6)), width_mm=25.4))
    assert (report.width, report.height) == (30, 40)
    assert report.figures is not None
    assert round(report.figures.dpi) == 30


def test_a_lost_picture_fails_the_job(bench: Bench) -> None:
    asset = bench.source(_square())
    bench.storage.delete(asset.key)
    assert _check(bench, asset).error == JobError("source_missing", "The picture no longer exists.")
