"""Matting, on scenes whose true alpha is known because they were put together from it."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from services.rembg import matting
from services.rembg.options import Matting

SIZE = (600, 800)


def strands() -> Image.Image:
    """A block with threads of 2 to 4 pixels standing out, softened as by a lens."""
    drawn = Image.new("L", SIZE)
    draw = ImageDraw.Draw(drawn)
    draw.rectangle((180, 240, 420, 560), fill=255)
    for index in range(24):
        draw.line([(180 + index * 10, 240), (170 + index * 11, 170)], fill=255, width=2 + index % 3)
    return drawn.filter(ImageFilter.GaussianBlur(0.7))


def photographed(alpha: Image.Image) -> Image.Image:
    random = np.random.default_rng(5)
    subject, ground = (
        np.array(c) + random.normal(0, 6, (SIZE[1], SIZE[0], 3)) for c in ((90, 40, 50), (210, 220, 230))
    )
    share = np.asarray(alpha)[..., None] / 255
    return Image.fromarray((subject * share + ground * (1 - share)).clip(0, 255).astype(np.uint8))


def as_the_network_sees(alpha: Image.Image) -> Image.Image:
    return alpha.resize((320, 320), Image.Resampling.LANCZOS).filter(ImageFilter.GaussianBlur(1)).resize(SIZE)


def error(found: Image.Image, wanted: Image.Image, where: np.ndarray) -> float:
    return float(np.abs(np.asarray(found).astype(int) - np.asarray(wanted))[where].mean())


def test_the_rim_comes_at_least_three_times_closer_to_the_truth() -> None:
    true = strands()
    mask = as_the_network_sees(true)
    edge = (np.asarray(mask) > 2) & (np.asarray(mask) < 253)
    refined = matting.refine(photographed(true), mask, Matting())
    assert error(refined, true, edge) < error(mask, true, edge) / 3


def test_what_is_sure_and_far_from_doubt_stays_as_it_is() -> None:
    true = strands()
    mask = as_the_network_sees(true)
    refined = np.asarray(matting.refine(photographed(true), mask, Matting()))
    assert np.array_equal(refined[300:500, 240:360], np.asarray(mask)[300:500, 240:360])
    assert np.array_equal(refined[700:], np.asarray(mask)[700:])


@pytest.mark.parametrize("asked", [Matting(0, 255, 40), Matting(255, 0, 40), Matting(128, 128, 0), Matting(240, 10, 0)])
def test_every_allowed_setting_gives_a_mask(asked: Matting) -> None:
    true = strands()
    refined = matting.refine(photographed(true), as_the_network_sees(true), asked)
    assert (refined.mode, refined.size) == ("L", SIZE)


def test_subject_and_ground_of_one_colour_leave_the_mask_alone() -> None:
    mask = as_the_network_sees(strands())
    refined = matting.refine(Image.new("RGB", SIZE, (120, 120, 120)), mask, Matting())
    assert np.abs(np.asarray(refined).astype(int) - np.asarray(mask)).max() <= 1
