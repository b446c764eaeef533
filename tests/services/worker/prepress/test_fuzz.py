"""Any picture gets finite numbers without a warning (warnings are errors here): tiny, empty, full, noise."""

import math
from dataclasses import asdict

import numpy as np
import pytest

from services.worker.prepress.arrays import Pixels
from services.worker.prepress.check import check
from services.worker.prepress.edges import Options, print_edges
from services.worker.prepress.rules import Print
from shared.models.print_check import PrintMethod

SIZES = [(1, 1), (1, 2), (2, 1), (3, 3), (1, 700), (700, 1), (17, 5), (64, 64), (129, 131), (300, 200)]
KINDS = ("noise", "binary", "empty", "full", "faint", "blocks", "speck")


def random_picture(height: int, width: int, kind: str, generator: np.random.Generator) -> Pixels:
    picture = generator.integers(0, 256, (height, width, 4), np.uint8)
    picture[..., 3] = {
        "noise": picture[..., 3],
        "binary": np.where(picture[..., 3] > 127, 255, 0),
        "empty": 0,
        "full": 255,
        "faint": picture[..., 3] % 16,
        "blocks": np.kron(picture[::7, ::7, 3], np.ones((7, 7), np.uint8))[:height, :width],
        "speck": np.arange(width) == generator.integers(width),
    }[kind]
    return picture


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_any_picture_is_measured_and_hardened(size: tuple[int, int], kind: str) -> None:
    generator = np.random.default_rng([*size, KINDS.index(kind)])
    picture = random_picture(*size, kind, generator)
    source = generator.integers(0, 256, (*size, 3), np.uint8) if generator.random() < 0.5 else None
    job = Print(float(generator.uniform(0.01, 1000)), (0, 0, 0), generator.choice(list(PrintMethod)))
    assert_sane(picture, job, source)


@pytest.mark.parametrize("size", [(1600, 27), (27, 1600), (64, 64)])
def test_ink_narrower_than_the_underbase_is_drawn_in_is_measured(size: tuple[int, int]) -> None:
    picture = random_picture(*size, "full", np.random.default_rng(5))
    assert_sane(picture, Print(0.02, (0, 0, 0), PrintMethod.DTF), None)


def test_a_picture_of_two_megapixels_of_noise_is_no_trap() -> None:
    generator = np.random.default_rng(3)
    assert_sane(random_picture(1500, 1400, "noise", generator), Print(300), None)


def assert_sane(picture: Pixels, job: Print, source: Pixels | None) -> None:
    report = check(picture, job, source)
    assert 0 <= report.score <= 100
    if report.figures:
        assert all(math.isfinite(value) and value >= 0 for value in asdict(report.figures).values())
    assert all(math.isfinite(found.value) and found.where for found in report.findings)
    made = print_edges(picture, Options(job.width_mm / picture.shape[1], choke_px=job.width_mm / 1000), source)
    assert made.rgba.shape == picture.shape
    assert all(map(math.isfinite, (made.rim_px, made.uncertain, made.ink_change)))
