"""Vectors as jobs: the drawing they leave, and what is refused."""

import numpy as np
import pytest
from PIL import Image

from shared.db import ids, jobs
from shared.models.job import Job, JobState, JobType
from shared.models.vector import VectorInput, VectorResult
from tests.services import pictures
from tests.services.worker.conftest import OWNER, Bench
from tests.services.worker.vector.logos import INKS, Pixels, fade, logo, noise, photograph


def _run(bench: Bench, rgba: Pixels, asked: VectorInput) -> Job:
    asset = bench.source(pictures.encoded(Image.fromarray(rgba), "PNG"))
    with bench.database.transaction() as connection:
        job = jobs.create(connection, ids.new(), OWNER, asset.id, type=JobType.VECTOR, input=asked.json())
    return bench.run(job.id)


def test_a_logo_becomes_a_drawing_in_its_inks(bench: Bench) -> None:
    job = _run(bench, logo(400), VectorInput(width_mm=80, marks=True))
    assert job.status is JobState.DONE, job.error
    assert job.result is not None
    made = VectorResult.read(job.result)
    assert {ink.colour for ink in made.inks} == {"#{:02x}{:02x}{:02x}".format(*ink) for ink in INKS}
    assert (made.width_mm, made.height_mm) == pytest.approx((80, 80), abs=0.1)
    assert b'width="80.000mm"' in bench.storage.get(made.key)
    page = bench.storage.get(made.pdf_key)
    assert len(page) == made.pdf_bytes
    assert b"/Separation /All " in page  # its marks
    assert all(f"/Separation /{ink.spot.replace(' ', '#20')} " in page.decode("latin-1") for ink in made.inks)
    assert VectorResult.read(made.json()) == made


@pytest.mark.parametrize(
    ("picture", "asked", "code"),
    [
        (photograph(), VectorInput(), "not_flat_artwork"),
        (fade(), VectorInput(), "not_flat_artwork"),
        (logo(300), VectorInput(max_inks=2), "not_flat_artwork"),
        (noise(600), VectorInput(), "not_flat_artwork"),
        (noise(1000, 5), VectorInput(), "too_complex"),
        (logo(300) // 3, VectorInput(), "no_ink"),
        (np.full((600, 60, 4), 255, np.uint8), VectorInput(width_mm=600), "too_large"),
    ],
    ids=("photograph", "fade", "inks", "noise", "pattern", "faint", "height"),
)
def test_what_is_no_logo_is_refused_by_name(bench: Bench, picture: Pixels, asked: VectorInput, code: str) -> None:
    job = _run(bench, picture, asked)
    assert job.error is not None
    assert job.error.code == code
