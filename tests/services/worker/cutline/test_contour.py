"""Cut lines: their distance from the ink, their radii, what melts together; and any picture at all."""

import numpy as np
import pytest
import shapely

from services.worker.cutline.areas import TooComplex
from services.worker.cutline.contour import Knife, cut_line, length_mm
from tests.services.worker.cutline.drawings import (
    MM,
    SIDE,
    Pixels,
    blobs,
    disc,
    least_distance,
    lettering,
    sharpest_mm,
    star,
)

INK = {
    "disc": disc(200),
    "star": star(),
    "lettering": lettering(),
    **{f"blobs {seed}": blobs(seed) for seed in range(3)},
}
KNIVES = [Knife(), Knife(2, 1, holes=True), Knife(0.5, 3), Knife(0, 1), Knife(5, 5, holes=True), Knife(0.3, 0.25)]


@pytest.mark.parametrize("knife", KNIVES, ids=str)
@pytest.mark.parametrize("name", INK)
def test_the_line_keeps_its_distance_its_radius_and_never_crosses_itself(name: str, knife: Knife) -> None:
    line = cut_line(INK[name], MM, knife)
    assert line.is_valid
    assert line.area > 0
    assert least_distance(line, INK[name]) >= knife.offset - 0.06
    assert sharpest_mm(line, knife.smooth / 2) >= 0.85 * knife.smooth


def test_around_a_disc_it_is_a_circle_a_little_farther_out() -> None:
    line = cut_line(disc(200), MM, Knife(2, 1))
    radii = np.hypot(*(shapely.get_coordinates(line) - 30).T)
    assert radii.min() >= 21.98
    assert radii.max() <= 22.1
    assert length_mm(line) == pytest.approx(2 * np.pi * 22.05, rel=0.005)


def test_near_islands_melt_and_distant_ones_get_lines_of_their_own() -> None:
    two = np.maximum(disc(80, (150, 300)), disc(80, (350, 300)))  # 4 mm apart
    assert len(cut_line(two, MM, Knife(2, 1)).geoms) == 1
    assert len(cut_line(two, MM, Knife(0.5, 0.5)).geoms) == 2


def test_holes_are_cut_only_if_that_is_asked_for() -> None:
    ring = disc(250) - disc(150)
    assert [len(part.interiors) for part in cut_line(ring, MM, Knife(2, 1)).geoms] == [0]
    kept = cut_line(ring, MM, Knife(2, 1, holes=True))
    assert [len(part.interiors) for part in kept.geoms] == [1]
    assert least_distance(kept, ring) >= 1.94


def test_a_hole_too_small_for_the_knife_stays_closed() -> None:
    ring = disc(250) - disc(25)  # 2.5 mm, and the line lies 2 mm inside
    assert not cut_line(ring, MM, Knife(2, 1, holes=True)).geoms[0].interiors


def test_ink_at_the_border_of_the_picture_is_no_special_case() -> None:
    full = np.full((50, 80), 255, np.uint8)
    line = cut_line(full, MM, Knife(2, 1))
    assert line.bounds == pytest.approx((-2, -2, 10, 7), abs=0.08)


def test_no_ink_is_no_line() -> None:
    assert cut_line(np.zeros((20, 20), np.uint8), MM, Knife()).is_empty


@pytest.mark.parametrize(
    ("offset", "smooth"), [(-1, 1), (51, 1), (2, 0), (2, 51), (float("nan"), 1), (2, float("inf"))]
)
def test_what_no_knife_can_do_is_refused(offset: float, smooth: float) -> None:
    with pytest.raises(ValueError, match="offset"):
        Knife(offset, smooth)


def noise(density: float, block: int) -> Pixels:
    random = np.random.default_rng(1)
    shape = (-(-1000 // block), -(-1500 // block))
    return ((random.random(shape) < density) * np.uint8(255)).repeat(block, 0).repeat(block, 1)


ODD = {
    "one pixel": np.full((1, 1), 255, np.uint8),
    "one row": np.full((1, 4000), 255, np.uint8),
    "one column": np.full((4000, 1), 255, np.uint8),
    "full": np.full((2000, 3000), 255, np.uint8),
    "half transparent": np.full((300, 200), 100, np.uint8),
    "bytes": np.random.default_rng(2).integers(0, 256, (1000, 1500), dtype=np.uint8),
    "dust": noise(0.001, 1),
    "specks": noise(0.02, 3),
    "checks": noise(0.5, 10),
    "large checks": noise(0.5, 80),
    "stripes": np.tile(np.arange(3000) % 20 < 10, (2000, 1)) * np.uint8(255),
}


@pytest.mark.parametrize("name", ODD)
def test_of_any_picture_there_is_a_line_of_bounded_length_or_a_clear_refusal(name: str) -> None:
    for width_mm, knife in ((5, Knife()), (300, Knife(0, 0.25, holes=True)), (300, Knife(50, 20)), (2000, Knife())):
        try:
            line = cut_line(ODD[name], width_mm / ODD[name].shape[1], knife)
        except TooComplex:
            continue
        assert line.is_valid
        assert shapely.get_num_coordinates(line) < 200_000
        assert np.isfinite(shapely.get_coordinates(line)).all()


def test_a_knife_that_is_fine_enough_for_noise_is_refused() -> None:
    with pytest.raises(TooComplex):
        cut_line(noise(0.5, 10), 0.1, Knife(0, 0.25, holes=True))


def test_a_large_picture_has_the_same_line() -> None:
    small = cut_line(star(), MM, Knife())
    large = cut_line(star().repeat(5, 0).repeat(5, 1), MM / 5, Knife())
    assert small.symmetric_difference(large).area < 0.06 * length_mm(small)
    assert SIDE * 5 == 3000
