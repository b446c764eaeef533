"""Cut lines as jobs: the files they leave, and what is refused."""

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from shared.db import ids, jobs
from shared.models.asset import Asset
from shared.models.cutline import CutlineInput, CutlineResult
from shared.models.job import Job, JobState, JobType
from tests.services import pictures
from tests.services.worker.conftest import OWNER, Bench


def _run(bench: Bench, asset: Asset, asked: CutlineInput) -> Job:
    with bench.database.transaction() as connection:
        job = jobs.create(connection, ids.new(), OWNER, asset.id, type=JobType.CUTLINE, input=asked.json())
    return bench.run(job.id)


def _square(side: int = 400, alpha: int = 255) -> bytes:
    pixels = np.zeros((side, side, 4), np.uint8)
    pixels[side // 4 : -side // 4, side // 4 : -side // 4] = (120, 110, 100, alpha)
    return pictures.encoded(Image.fromarray(pixels), "PNG")


def test_a_job_leaves_an_svg_and_a_pdf_around_the_ink(bench: Bench) -> None:
    job = _run(bench, bench.source(_square()), CutlineInput(width_mm=50, offset_mm=3, spot="Kiss Cut"))
    assert job.status is JobState.DONE, job.error
    assert job.result is not None
    made = CutlineResult.read(job.result)
    assert (made.ink_width_mm, made.ink_height_mm, made.lines) == (50, 50, 1)
    assert (made.width_mm, made.height_mm) == pytest.approx((58.2, 58.2), abs=0.15)  # a pixel has 0.25 mm
    assert made.ink_left_mm == pytest.approx(4.1, abs=0.08)
    assert made.length_mm == pytest.approx(4 * 50 + 6 * np.pi, rel=0.01)
    root = ET.fromstring(bench.storage.get(made.key))
    assert (root.get("width"), root[0].get("id")) == (f"{made.width_mm:g}mm", "Kiss Cut")
    page = bench.storage.get(made.pdf_key)
    assert b"/Separation /Kiss#20Cut" in page
    assert b"/Subtype /Image" not in page
    assert made.key.endswith(".svg")
    assert made.pdf_key.endswith(".pdf")


def test_with_artwork_the_picture_lies_in_the_pdf(bench: Bench) -> None:
    job = _run(bench, bench.source(_square()), CutlineInput(width_mm=50, artwork=True))
    assert job.result is not None
    page = bench.storage.get(CutlineResult.read(job.result).pdf_key)
    assert re.findall(rb"/Width (\d+) /Height (\d+)", page) == [(b"200", b"200")] * 2  # colours and soft mask, cropped


@pytest.mark.parametrize(
    ("picture", "asked", "code"),
    [
        (_square(alpha=0), CutlineInput(), "no_ink"),
        (_square(alpha=20), CutlineInput(), "no_ink"),
        (_square(), CutlineInput(width_mm=5000, offset_mm=50), "too_large"),
    ],
)
def test_what_cannot_be_cut_is_refused_by_name(bench: Bench, picture: bytes, asked: CutlineInput, code: str) -> None:
    job = _run(bench, bench.source(picture), asked)
    assert job.error is not None
    assert job.error.code == code


def test_noise_is_too_complex(bench: Bench) -> None:
    pixels = np.zeros((600, 600, 4), np.uint8)
    pixels[..., 3] = (np.random.default_rng(1).random((150, 150)) < 0.5).repeat(4, 0).repeat(4, 1) * np.uint8(255)
    source = bench.source(pictures.encoded(Image.fromarray(pixels), "PNG"))
    job = _run(bench, source, CutlineInput(width_mm=300, offset_mm=0, smooth_mm=0.25, holes=True))
    assert job.error is not None
    assert job.error.code == "too_complex"
