"""Shadows: where they are dark, how they end, and how strong they are."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from services.worker.composition import shadows
from services.worker.composition.shadows import Cast
from shared.models.composition import Shadow

BLOCK = Image.new("L", (200, 100), 255)
ALL = [Shadow.DROP, Shadow.CAR, Shadow.THREE_D]


def cast(kind: Shadow, outline: Image.Image = BLOCK, opacity: float = 1.0, *, grounded: bool = True) -> Cast:
    return shadows.cast(kind, outline, opacity, grounded=grounded)


def levels(made: Cast) -> np.ndarray:
    return np.asarray(made.darkness).astype(int)


def car() -> Image.Image:
    """A body on two wheels."""
    outline = Image.new("L", (400, 160))
    draw = ImageDraw.Draw(outline)
    draw.rounded_rectangle((0, 0, 399, 120), 40, 255)
    draw.ellipse((50, 80, 129, 159), 255)
    draw.ellipse((270, 80, 349, 159), 255)
    return outline


@pytest.mark.parametrize("kind", ALL)
def test_a_shadow_ends_softly_within_its_room(kind: Shadow) -> None:
    made = levels(cast(kind))
    assert made.max() > 150
    edge = np.concatenate([made[0], made[-1], made[:, 0], made[:, -1]])
    assert edge.max() <= 1
    assert np.abs(np.diff(made, axis=0)).max() < 60  # no hard edge


@pytest.mark.parametrize("kind", ALL)
def test_opacity_is_the_share_of_light_that_is_taken(kind: Shadow) -> None:
    whole, third = levels(cast(kind)), levels(cast(kind, opacity=0.3))
    assert np.abs(third - 0.3 * whole).max() <= 1
    assert not levels(cast(kind, opacity=0)).any()


def test_a_drop_shadow_lies_below_and_to_the_right() -> None:
    made = cast(Shadow.DROP)
    left, top, right, bottom = made.outline
    dark = levels(made)
    assert dark[bottom + 15, (left + right) // 2] > dark[top - 15, (left + right) // 2] + 30
    assert dark[(top + bottom) // 2, right + 15] > dark[(top + bottom) // 2, left - 15]


def test_a_car_shadow_is_dark_between_the_wheels_and_nowhere_above() -> None:
    made = cast(Shadow.CAR, car())
    left, top, right, bottom = made.outline
    dark = levels(made)
    assert dark[bottom - 3, (left + right) // 2] > 150  # on the ground between the wheels
    assert dark[: (top + bottom) // 2].max() == 0  # beside and above the body
    below = dark[bottom:, (left + right) // 2]
    assert below[0] > 60
    assert below[40] < 10  # it is flat


def test_a_car_shadow_follows_wheels_at_an_angle() -> None:
    turned = car().rotate(12, Image.Resampling.BILINEAR, expand=True)
    made = cast(Shadow.CAR, turned.crop(turned.getbbox()))
    left, _, right, _ = made.outline
    dark = levels(made)
    width = right - left
    lower, higher = dark[:, left + width * 27 // 100], dark[:, left + width * 76 // 100]
    assert np.argmax(lower) > np.argmax(higher) + 0.05 * width


def test_a_cast_shadow_leans_to_the_right_and_fades_with_its_distance() -> None:
    tall = Image.new("L", (60, 300), 255)
    made = cast(Shadow.THREE_D, tall)
    left, _, right, bottom = made.outline
    dark = levels(made)
    high = bottom - made.outline[1]
    near, far = bottom - high * 5 // 100, bottom - high * 25 // 100
    assert dark[near, right + 10] > 100
    beside = dark[far, right + 20 :]
    assert 10 < beside.max() < 0.6 * dark[near, right:].max()
    assert dark[far, : left - 20].max() < 5
    assert dark[: bottom - high // 2, right + 20 :].max() == 0  # flat on the ground


@pytest.mark.parametrize("kind", [Shadow.CAR, Shadow.THREE_D])
def test_a_subject_that_is_cut_off_below_has_no_ground_and_gets_a_drop_shadow(kind: Shadow) -> None:
    assert np.array_equal(levels(cast(kind, grounded=False)), levels(cast(Shadow.DROP)))


def test_the_reach_is_how_far_anything_is_visible() -> None:
    made = cast(Shadow.DROP)
    reach = made.reach((200, 100))
    assert reach.bottom > reach.top
    assert reach.right > reach.left
    twice = made.reach((400, 200))
    assert all(abs(large - 2 * small) <= 1 for large, small in zip(twice, reach, strict=True))


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (3, 2)])
@pytest.mark.parametrize("kind", ALL)
def test_the_smallest_subjects_have_shadows(kind: Shadow, size: tuple[int, int]) -> None:
    cast(kind, Image.new("L", size, 255))


@pytest.mark.parametrize("kind", ALL)
def test_a_faint_subject_has_no_edge_and_no_failure(kind: Shadow) -> None:
    assert levels(cast(kind, Image.new("L", (50, 40), 20))).max() < 40


def beside(first: tuple[int, int, int, int], second: tuple[int, int, int, int]) -> Image.Image:
    outline = Image.new("L", (300, 200))
    for box in (first, second):
        outline.paste(255, box)
    return outline


def test_each_figure_stands_on_ground_of_its_own() -> None:
    made = cast(Shadow.CAR, beside((0, 20, 240, 120), (252, 0, 300, 200)))
    left, top, _, bottom = made.outline
    scale = 512 / 300
    dark, column = levels(made), left + round(120 * scale)
    assert dark[top + round(122 * scale), column] > 80  # right below the wide one
    assert dark[top + round(150 * scale), column] < 5  # and not on the way to the other's feet
    assert dark[bottom + 3, left + round(276 * scale)] > 40


def test_what_floats_above_casts_nothing_on_the_ground() -> None:
    made = cast(Shadow.CAR, beside((0, 120, 140, 200), (160, 0, 300, 60)))
    left, top, right, _ = made.outline
    assert levels(made)[top : top + 150, (left + right) // 2 :].max() < 5
