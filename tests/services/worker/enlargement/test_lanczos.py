"""Photographs enlarged: near to the truth, and without rings, ghosts of alpha or colours of clear pixels."""

import numpy as np
import pytest
from PIL import Image

from services.worker.enlargement import bands, lanczos
from tests.services.worker.vector.logos import Pixels, photograph


def _step() -> Pixels:
    """A bright square on black, whose surroundings are clear and green."""
    rgba = np.zeros((60, 60, 4), np.uint8)
    rgba[..., 1] = 255
    rgba[10:50, 10:50] = (0, 0, 0, 255)
    rgba[20:40, 20:40] = (230, 230, 230, 255)
    return rgba


def test_a_photograph_is_as_near_to_the_truth_as_by_pillow() -> None:
    truth = photograph(600)
    small = np.asarray(Image.fromarray(truth).reduce(2))
    pillow = np.asarray(Image.fromarray(small).resize((600, 600), Image.Resampling.LANCZOS))

    def error(made: Pixels) -> float:
        return float(((made.astype(float) - truth) ** 2).mean())

    assert error(lanczos.enlarged(small, (600, 600))) <= 1.01 * error(pillow)


def test_no_ring_is_brighter_or_darker_than_the_pixels_around_it() -> None:
    made = lanczos.enlarged(_step(), (420, 420))
    assert made[..., 3].max() == 255
    assert set(np.unique(made[:50, :, 3])) == {0}  # Lanczos alone leaves alpha 1 to 7 here
    opaque = made[made[..., 3] == 255][:, :3]
    assert opaque.max() == 230
    plain = np.asarray(Image.fromarray(_step()).resize((420, 420), Image.Resampling.LANCZOS))
    assert plain[plain[..., 3] == 255][:, :3].max() > 235


def test_clear_pixels_lend_no_colour() -> None:
    made = lanczos.enlarged(_step(), (420, 420))
    visible = made[made[..., 3] > 16].astype(int)
    assert np.abs(visible[:, 1] - visible[:, 0]).max() <= 1  # grey everywhere


def test_bands_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = lanczos.enlarged(photograph(100), (333, 333))
    monkeypatch.setattr(bands, "_PIXELS", 333 * 7)
    assert np.abs(lanczos.enlarged(photograph(100), (333, 333)).astype(int) - whole).max() <= 4


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (7, 300)])
def test_any_picture_is_enlarged(shape: tuple[int, int]) -> None:
    rgba = np.random.default_rng(0).integers(0, 256, (*shape, 4), dtype=np.uint8)
    assert lanczos.enlarged(rgba, (shape[1] * 2 + 1, shape[0] * 5)).shape == (shape[0] * 5, shape[1] * 2 + 1, 4)
