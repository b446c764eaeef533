"""What becomes of a mask's values, and of its faint islands."""

import numpy as np
import pytest
from PIL import Image

from services.rembg import alpha


def blank(side: int = 320) -> np.ndarray:
    """A sure subject in the middle of nothing."""
    mask = np.zeros((side, side), np.uint8)
    mask[120:200, 120:200] = 255
    return mask


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 0), (8, 0), (9, 1), (17, 13), (26, 26), (128, 128), (229, 229), (236, 243), (242, 255), (254, 255)],
)
def test_sure_ink_is_opaque_sure_ground_is_clear_and_the_rest_stays(value: int, expected: int) -> None:
    assert alpha.snapped(Image.new("L", (1, 1), value)).getpixel((0, 0)) == expected


def test_a_brighter_mask_never_becomes_a_darker_alpha() -> None:
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    assert (np.diff(np.asarray(alpha.snapped(ramp))[0].astype(int)) >= 0).all()


def test_a_faint_island_far_from_the_subject_goes_and_the_subject_stays() -> None:
    mask = blank()
    mask[20:30, 20:30] = 60
    assert np.array_equal(alpha.cleaned(mask), blank())


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (np.s_[30, 30], 128),  # one sure pixel
        (np.s_[20:100, 20:100], 60),  # large: glass, smoke
        (np.s_[150:170, 203:210], 60),  # a wisp broken off beside the subject
        (np.s_[200:210, 200:210], 60),  # touches it by a corner
    ],
    ids=["sure", "large", "near", "corner"],
)
def test_what_may_be_a_part_of_the_subject_stays(place: tuple[slice, slice], value: int) -> None:
    mask = blank()
    mask[place] = value
    assert np.array_equal(alpha.cleaned(mask), mask)


def test_a_faint_hole_in_the_subject_is_filled_and_a_sure_one_stays() -> None:
    mask = blank()
    mask[150:156, 150:156] = 180
    assert np.array_equal(alpha.cleaned(mask), blank())
    mask[153, 153] = 100
    assert np.array_equal(alpha.cleaned(mask), mask)


def test_an_island_with_one_sure_pixel_stays_whole() -> None:
    mask = blank()
    mask[20:30, 20:30] = 60
    mask[21, 21] = 128
    assert np.array_equal(alpha.cleaned(mask), mask)


def islands_by_flooding(ink: np.ndarray) -> set[frozenset[tuple[int, int]]]:
    left, found = {(int(y), int(x)) for y, x in np.argwhere(ink)}, set()
    while left:
        open_pixels, island = [left.pop()], set()
        while open_pixels:
            y, x = open_pixels.pop()
            island.add((y, x))
            beside = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= beside
            open_pixels += beside
        found.add(frozenset(island))
    return found


@pytest.mark.parametrize("density", [0.1, 0.3, 0.45, 0.8])
def test_islands_are_those_that_flooding_finds(density: float) -> None:
    ink = np.random.default_rng(2).random((37, 53)) < density
    starts, ends, labels = alpha._islands(ink)
    found: dict[int, set[tuple[int, int]]] = {}
    for start, end, label in zip(starts, ends, labels, strict=True):
        found.setdefault(int(label), set()).update(divmod(int(at), ink.shape[1] + 1) for at in range(start, end))
    assert {frozenset(island) for island in found.values()} == islands_by_flooding(ink)


def test_a_spiral_is_one_island() -> None:
    ink = np.zeros((81, 81), bool)
    for ring in range(0, 40, 4):
        ink[ring, ring : 81 - ring] = ink[ring : 81 - ring, 80 - ring] = ink[80 - ring, ring : 81 - ring] = True
        ink[ring + 4 : 81 - ring, ring] = ink[ring + 4, ring : ring + 5] = True
    _, _, labels = alpha._islands(ink)
    assert set(labels) == {0}


def test_growing_reaches_so_many_pixels_in_every_direction() -> None:
    where = np.zeros((15, 12), bool)
    where[7, 1] = True
    wanted = np.zeros_like(where)
    wanted[4:11, 0:5] = True
    assert np.array_equal(alpha.dilated(where, 3), wanted)
    assert np.array_equal(alpha.dilated(where, 0), where)
