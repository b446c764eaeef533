"""Logos come off their ground with the alpha they were drawn with; photographs are left to the network."""

import numpy as np
import pytest

from bench.flat_ground import error
from bench.logos import compressed, logo
from services.rembg import flat_ground
from tests.services.rembg.flat_ground.scenes import (
    BLACK,
    BLUE,
    CREAM,
    RED,
    WHITE,
    Colour,
    composed,
    disc,
    garment,
    graded,
    ring,
)


def cut(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    found = flat_ground.cut(picture)
    assert found is not None
    return found


def overlap(found: np.ndarray, exact: np.ndarray) -> float:
    kept, true = found > 127, exact > 127
    return float((kept & true).sum() / (kept | true).sum())


def test_the_hole_of_a_blue_ring_on_cream_is_clear() -> None:
    alpha = ring()
    _, found = cut(composed(alpha, BLUE, CREAM))
    assert found[120, 150] == 0
    assert error(found, alpha) < 0.001  # the bundled network's is 0.138


@pytest.mark.parametrize("ground", [WHITE, CREAM, BLACK, RED])
def test_ink_over_a_ground_gives_back_its_alpha_and_its_colour(ground: Colour) -> None:
    alpha = ring()
    colours, found = cut(composed(alpha, BLUE, ground))
    assert np.abs(found.astype(int) - alpha).max() <= 5
    assert np.abs(colours[found > 0].astype(int) - BLUE).max() <= 5  # ink within 3 of its colour stays as it is


def test_clear_pixels_are_black_but_for_those_next_to_the_artwork() -> None:
    colours, found = cut(composed(ring(), BLUE, CREAM))
    row = slice(0, 150)  # from outside into the ring
    outside = int(np.flatnonzero(found[120, row])[0])
    assert not colours[120, : outside - 3].any()
    assert np.abs(colours[120, outside - 1].astype(int) - BLUE).max() <= 1


@pytest.mark.parametrize("seed", [3, 13, 23, 33])
def test_lettering_knocked_out_of_a_badge_shows_the_ground(seed: int) -> None:
    drawn = logo(seed)
    assert drawn.kind == "knocked out"
    assert error(cut(drawn.picture)[1], drawn.alpha) < 0.003


@pytest.mark.parametrize("quality", [85, 95])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_a_jpeg_leaves_no_specks_on_the_ground(quality: int, subsampling: int) -> None:
    alpha = ring()
    _, found = cut(compressed(composed(alpha, RED, WHITE), quality, subsampling))
    far = (np.asarray(disc(radius=100)) == 0) | (np.asarray(disc(radius=56)) == 255)
    assert not found[far].any()
    assert error(found, alpha) < 0.006


@pytest.mark.parametrize(
    ("ground", "ink"), [(WHITE, (247, 247, 247)), (BLACK, (9, 9, 9)), ((18, 18, 20), (27, 27, 30))]
)
@pytest.mark.parametrize("quality", [None, 90])
def test_near_white_on_white_and_near_black_on_black_overlap_by_nine_tenths(
    ground: Colour, ink: Colour, quality: int | None
) -> None:
    alpha = ring()
    picture = composed(alpha, ink, ground)
    _, found = cut(compressed(picture, quality, subsampling=2) if quality else picture)
    assert overlap(found, alpha) >= 0.9


def test_a_ground_with_a_gradient_and_a_vignette_is_flat_enough() -> None:
    alpha = ring()
    _, found = cut(composed(alpha, BLUE, graded((300, 240), (200, 190, 180), by=16)))
    assert error(found, alpha) < 0.002


def test_two_inks_that_touch_stay_opaque_where_they_mix() -> None:
    inner = composed(disc(radius=60), RED, BLUE)
    _, found = cut(composed(disc(), inner, WHITE))
    assert error(found, disc()) < 0.001
    assert found[60:180, 90:210].min() == 255


@pytest.mark.parametrize("ground", [WHITE, (240, 240, 238), BLACK])
@pytest.mark.parametrize("shadow", [0.0, 0.35])
def test_a_garment_on_a_studio_ground_is_left_to_the_network(ground: Colour, shadow: float) -> None:
    picture = garment(ground, shadow=shadow)
    assert flat_ground.cut(picture) is None
    assert flat_ground.cut(compressed(picture, 85, subsampling=2)) is None


def test_a_caller_may_force_it() -> None:
    assert flat_ground.cut(garment(WHITE, shadow=0.0), forced=True) is not None


@pytest.mark.parametrize("forced", [False, True])
def test_nothing_but_ground_has_no_artwork(forced: bool) -> None:
    assert flat_ground.cut(np.full((50, 60, 3), 255, np.uint8), forced=forced) is None


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (2, 2), (7, 3)])
def test_the_smallest_pictures_are_taken(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    found = flat_ground.cut(picture, forced=True)
    assert found is None or found[1].shape == size


def test_bands_leave_no_seam() -> None:
    """A picture of several bands is cut as its crop is."""
    alpha = ring((1000, 1200), 450, 60)
    picture = composed(alpha, BLUE, CREAM)
    assert error(cut(picture)[1], alpha) < 0.001


def test_rendered_logos_are_cut_within_a_few_thousandths() -> None:
    """The first of each kind of the benchmark's 200, and what the network takes instead."""
    errors = [
        error(found[1], drawn.alpha) for drawn in map(logo, range(10)) if (found := flat_ground.cut(drawn.picture))
    ]
    assert len(errors) >= 9
    assert np.mean(errors) < 0.003
