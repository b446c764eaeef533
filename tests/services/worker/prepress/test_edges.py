"""Print edges on drawn pictures; A2 to A13 are the acceptance cases of the design. All assert that the inside stays."""

import tracemalloc

import numpy as np
import pytest
from scipy import ndimage

from services.worker.prepress.arrays import Pixels
from services.worker.prepress.check import check
from services.worker.prepress.edges import Options, print_edges
from services.worker.prepress.rules import Print
from shared.models.print_check import Figures
from shared.models.print_edges import Gate
from tests.services.worker.prepress.pictures import (
    RED,
    SIDE,
    area,
    blurred,
    crossings,
    cut_out,
    disc,
    hardened,
    photographed,
    with_grain,
)
from tests.services.worker.prepress.test_check import specks_and_a_pinhole

FINE = Options(0.1)
NOT_CHOKED = Options(0.1, choke_px=0)


def checked(rgba: Pixels, source: Pixels | None = None) -> Figures:
    measured = check(rgba, Print(100), source).figures
    assert measured
    return measured


def test_a2_a_soft_outline_becomes_one_pixel_wide_where_it_was() -> None:
    made = hardened(cut_out(blurred(disc(), 6)), FINE)
    assert checked(made.rgba).rim_px <= 2.5
    assert area(made.rgba) == pytest.approx(float(disc().sum()), rel=0.01)
    assert made.gate is Gate.APPLY


def test_a3_a_half_transparent_subject_is_left_to_the_customer() -> None:
    made = hardened(cut_out(disc() * 0.6), FINE)
    assert made.uncertain > 0.9
    assert made.gate is Gate.ASK


def test_a4_specks_go_and_pinholes_close() -> None:
    made = hardened(specks_and_a_pinhole(), Options(0.094))
    assert (checked(made.rgba).islands, checked(made.rgba).pinholes) == (0, 0)


def test_a_drawing_sharper_than_a_lens_keeps_its_ink_to_the_edge() -> None:
    drawn = disc(60, side=160)
    made = hardened(cut_out(drawn), FINE, photographed(drawn))
    ink = made.rgba[made.rgba[..., 3] == 255][:, :3].astype(int)
    assert np.abs(ink - RED).max() <= 12


def test_the_largest_part_stays_however_small() -> None:
    assert hardened(cut_out(disc(4, side=60)), FINE).rgba[30, 30, 3] == 255


def test_a_second_part_stays() -> None:
    alpha = disc(200)
    alpha[50:80, 50:80] = 1  # 0.7 % of the first
    assert (hardened(cut_out(alpha), FINE).rgba[55:75, 55:75, 3] == 255).all()


def test_small_counters_stay_open_where_that_is_asked_for() -> None:
    alpha = disc(300)
    alpha[546:552, 546:552] = 0  # 0.36 mm²
    assert hardened(cut_out(alpha), FINE).rgba[549, 549, 3] == 255
    assert hardened(cut_out(alpha), Options(0.1, island_mm2=0.2)).rgba[549, 549, 3] == 0


def test_a6_the_outline_is_freed_of_the_old_background() -> None:
    photo = photographed(disc(edge=2.5))
    made = hardened(cut_out(blurred(disc(edge=8), 3), photo), FINE, photo)
    assert checked(made.rgba, photo).contamination < 0.05
    shown = made.rgba[made.rgba[..., 3] > 8, :3]
    assert np.abs(shown.astype(float) - RED).max() <= 25


def test_clear_pixels_beside_the_outline_take_its_colour_and_no_others_keep_any() -> None:
    photo = photographed(disc(edge=2.5))
    made = hardened(cut_out(blurred(disc(edge=8), 3), photo), FINE, photo).rgba
    row = made[SIDE // 2]
    outside = np.flatnonzero(row[:, 3])[0] - 2
    assert np.abs(row[outside, :3].astype(int) - RED).max() <= 25
    assert not row[: outside - 10].any()


def test_a11_hardening_twice_changes_nothing_more() -> None:
    once = hardened(cut_out(blurred(disc(), 6)), NOT_CHOKED).rgba
    twice = hardened(once, NOT_CHOKED).rgba
    changed = np.abs(once[..., 3].astype(int) - twice[..., 3]) > 8
    assert changed.sum() / (once[..., 3] > 8).sum() < 0.005


def slanted(noise: float) -> Pixels:
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    soft = blurred(np.clip(0.5 + rows - (300 + 0.23 * columns), 0, 1), 5)
    return cut_out(np.clip(soft + np.random.default_rng(0).normal(0, noise, soft.shape), 0, 1).astype(np.float32))


def test_a12_a_slanted_noisy_edge_has_no_stairs() -> None:
    made = hardened(slanted(0.01), NOT_CHOKED)
    columns = range(100, 1000, 3)
    off = crossings(made.rgba[..., 3], columns) - (300 + 0.23 * np.array(columns))
    assert off.std() <= 0.18
    assert abs(off.mean()) < 0.1


def test_a13_nothing_deeper_than_the_lens_mixes_is_changed() -> None:
    photo = with_grain(photographed(disc(edge=2.5)))
    made = hardened(cut_out(blurred(disc(), 4), photo), FINE, photo)  # which asserts it
    assert (made.rgba[..., 3] == 255).mean() > 0.5


def test_a_wide_soft_rim_becomes_a_round_outline() -> None:
    true = disc(230, edge=6, side=900)
    photo = with_grain(photographed(true), 2.5)
    made = hardened(cut_out(blurred(true, 14), photo), NOT_CHOKED, photo)
    turns = np.linspace(0, 2 * np.pi, 720, endpoint=False)[:, None]
    reach = np.arange(180, 280, 0.25)
    at = [450 + reach * np.sin(turns), 450 + reach * np.cos(turns)]
    along = ndimage.map_coordinates(made.rgba[..., 3].astype(float), at, order=1)
    radius = reach[np.argmax(along < 127.5, axis=1)]
    assert radius.mean() == pytest.approx(230, abs=1)
    assert radius.std() < 0.4


def test_choking_draws_the_outline_in_by_as_much() -> None:
    soft = cut_out(blurred(disc(), 4))
    apart = area(hardened(soft, NOT_CHOKED).rgba) - area(hardened(soft, Options(0.1, choke_px=1.0)).rgba)
    assert apart / (2 * np.pi * 500) == pytest.approx(1, abs=0.1)


def test_thin_lines_are_not_choked_away() -> None:
    alpha = np.zeros((300, 300), np.float32)
    alpha[50:250, 100:102] = 1
    alpha[50:250, 150:153] = 1
    for line in (alpha, np.asarray(ndimage.rotate(alpha, 30, reshape=False, order=1))):
        made = hardened(cut_out(blurred(line, 0.7)), Options(0.1, choke_px=0.5)).rgba
        assert area(made) > 0.85 * line.sum()


def test_thin_lines_are_freed_of_the_old_background() -> None:
    alpha = np.zeros((300, 300), np.float32)
    alpha[50:250, 100:103] = 1
    photo = photographed(blurred(alpha, 0.9))
    made = hardened(cut_out(blurred(alpha, 0.7), photo), FINE, photo).rgba
    before, after = (picture[60:240, 100:103, :3].astype(float) for picture in (photo, made))
    assert np.abs(before - RED).mean() > 20
    assert np.abs(after - RED).mean() < 8


def test_a_closed_pinhole_leaves_no_trace() -> None:
    alpha = disc(300)
    alpha[546:551, 546:551] = 0
    made = hardened(cut_out(blurred(alpha, 1)), Options(0.1, choke_px=1.0)).rgba
    assert (made[530:570, 530:570, 3] == 255).all()


def test_a_subject_cut_by_the_border_keeps_its_straight_edge() -> None:
    alpha = np.zeros((400, 400), np.float32)
    alpha[200:, 100:300] = 1
    made = hardened(cut_out(blurred(alpha, 3)), Options(0.1, choke_px=1.0)).rgba
    assert (made[-1, 110:290, 3] == 255).all()


def test_colours_find_the_outline_where_a_coarse_mask_is_off() -> None:
    true = disc(edge=2)
    photo = with_grain(photographed(true))
    mask = blurred(np.roll(disc(edge=2), 3, axis=1), 8)
    by_colour = hardened(cut_out(mask, photo), NOT_CHOKED, photo).rgba[..., 3]
    by_mask = hardened(cut_out(mask, photo), NOT_CHOKED).rgba[..., 3]
    errors = [np.abs(alpha / 255 - true).sum() for alpha in (by_colour, by_mask)]
    assert errors[0] < 0.6 * errors[1]


def test_a_half_believed_sleeve_is_kept_as_a_whole() -> None:
    alpha = disc(200, side=600)
    alpha[280:330, 470:570] = 0.62
    photo = with_grain(np.full((600, 600, 3), 120, np.uint8), 25)  # a sleeve in the colour of the background
    made = hardened(cut_out(blurred(alpha, 3), photo), FINE, photo).rgba
    assert (made[288:322, 480:560, 3] == 255).all()


@pytest.mark.parametrize("sigma", [1.2, 2, 4])
def test_tiles_give_what_the_whole_gives(sigma: float) -> None:
    noise = blurred(np.random.default_rng(5).random((400, 290)).astype(np.float32), 16)
    true = (noise > np.median(noise)).astype(np.float32)
    photo = with_grain(photographed(blurred(true, 1)), 12)
    mask = np.clip(blurred(np.roll(true, 2, axis=1), sigma) * 0.9 + 0.1 * blurred(true, 12), 0, 1)
    soft = cut_out(mask, photo)
    whole = hardened(soft, FINE, photo, tile=448).rgba
    for tile in (64, 128):
        tiled = hardened(soft, FINE, photo, tile=tile).rgba
        assert np.abs(tiled.astype(int) - whole).max() <= 1


def test_a_picture_without_anything_solid_comes_out_clear() -> None:
    assert not hardened(cut_out(disc(200, side=600) * 0.3), FINE).rgba[..., 3].any()


def test_memory_is_a_few_bytes_a_pixel_and_some_tiles() -> None:
    soft = cut_out(blurred(disc(900, side=2400), 6))
    photo = np.ascontiguousarray(soft[..., :3])
    tracemalloc.start()
    made = print_edges(soft, FINE, photo)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - made.rgba.nbytes < 4 * made.rgba[..., 3].size + 48e6


@pytest.mark.parametrize(
    "wrong",
    [
        {"mm_per_px": 0.0},
        {"mm_per_px": float("nan")},
        {"mm_per_px": 1, "choke_px": 2},
        {"mm_per_px": 1, "island_mm2": -1},
    ],
)
def test_options_out_of_bounds_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must be|0 to 1"):
        Options(**wrong)
