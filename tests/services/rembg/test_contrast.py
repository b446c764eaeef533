"""Doubt where subject and ground look alike, and only there."""

import numpy as np
import pytest
from PIL import Image

from services.rembg import contrast
from tests.services.rembg.flat_ground.scenes import BLACK, BLUE, WHITE, Colour, composed, disc


def doubt(ink: Colour, ground: Colour, noise: float = 2.0) -> float:
    alpha = disc((600, 480), 150)
    picture = composed(alpha, ink, ground) + np.random.default_rng(4).normal(0, noise, (480, 600, 3))
    return contrast.doubt(Image.fromarray(picture.clip(0, 255).astype(np.uint8)), Image.fromarray(alpha))


@pytest.mark.parametrize(
    ("ink", "ground"), [((247, 246, 245), WHITE), ((9, 9, 11), BLACK), ((240, 236, 230), (247, 246, 244))]
)
def test_a_subject_like_its_ground_is_doubtful(ink: Colour, ground: Colour) -> None:
    assert doubt(ink, ground) >= 0.35


@pytest.mark.parametrize(("ink", "ground"), [(BLUE, WHITE), ((225, 225, 225), WHITE), (BLACK, (40, 40, 40))])
def test_a_subject_that_stands_out_is_not(ink: Colour, ground: Colour) -> None:
    assert doubt(ink, ground) < 0.05


def test_only_the_part_of_the_outline_without_contrast_counts() -> None:
    alpha = disc((600, 480), 150)
    ground = np.full((480, 600, 3), 255)
    ground[:, :300] = 60
    assert 0.3 < contrast.doubt(Image.fromarray(composed(alpha, (248, 248, 248), ground)), Image.fromarray(alpha)) < 0.7


@pytest.mark.parametrize("level", [0, 255])
def test_no_outline_no_doubt(level: int) -> None:
    assert contrast.doubt(Image.new("RGB", (30, 40)), Image.new("L", (30, 40), level)) == 0
