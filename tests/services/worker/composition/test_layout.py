"""Where the subject lies on the canvas."""

from typing import Any

import pytest

from services.worker.composition import layout
from services.worker.composition.layout import Layout, Reach
from shared.models.composition import Composition, Length, Lengths
from shared.models.cutout import Foreground

SIZE = (400, 300)
SUBJECT = Foreground(top=100, left=50, width=100, height=60)
BOX = (50, 100, 150, 160)


NO_SHADOW = Reach()


def planned(reach: Reach = NO_SHADOW, **asked: Any) -> Layout:
    return layout.plan(SIZE, SUBJECT, Composition(**asked), reach)


def px(top: float, right: float, bottom: float, left: float) -> Lengths:
    return Length(top, "px"), Length(right, "px"), Length(bottom, "px"), Length(left, "px")


def test_without_a_wish_everything_stays() -> None:
    whole = (0, 0, *SIZE)
    assert planned() == Layout(SIZE, whole, whole, BOX, SIZE)


def test_a_shadow_alone_does_not_change_the_canvas() -> None:
    assert planned(Reach(500, 500, 500, 500)).canvas == SIZE


def test_the_canvas_is_cut_to_the_subject() -> None:
    assert planned(crop=True) == Layout((100, 60), BOX, (0, 0, 100, 60), (0, 0, 100, 60), (100, 60))


def test_margins_are_the_subjects_pixels_or_percent_and_may_leave_the_picture() -> None:
    margins = (Length(10, "%"), Length(20, "px"), Length(50, "%"), Length(80, "px"))
    plan = planned(crop=True, crop_margin=margins)
    assert plan.canvas == (100 + 20 + 80, 60 + 6 + 30)
    assert plan.subject == (80, 6, 180, 66)
    assert plan.part == (0, 94, 170, 190)  # the picture ends 30 pixels before the margin does
    assert plan.place == (30, 0, 200, 96)


def test_a_crop_holds_the_shadow_as_well() -> None:
    plan = planned(Reach(1, 30, 40, 2), crop=True, crop_margin=px(10, 10, 10, 10))
    assert plan.canvas == (100 + 30 + 10, 60 + 40 + 10)
    assert plan.subject == (10, 10, 110, 70)


@pytest.mark.parametrize(
    ("position", "place"),
    [((0, 0), (0, 0)), ((1, 1), (300, 240)), ((0.5, 0.5), (150, 120)), ((0.25, 1), (75, 240))],
)
def test_a_position_is_a_share_of_the_room_around_the_subject(
    position: tuple[float, float], place: tuple[int, int]
) -> None:
    plan = planned(position=position)
    assert plan.part == BOX
    assert plan.place == plan.subject == (*place, place[0] + 100, place[1] + 60)


def test_a_scaled_subject_fills_its_share_of_the_canvas_and_lies_in_the_centre() -> None:
    assert planned(scale=1.0).place == (0, 30, 400, 270)
    assert planned(scale=0.5).place == (100, 90, 300, 210)
    assert planned(scale=0.5, position=(0, 1)).place == (0, 180, 200, 300)


def test_a_limit_shrinks_all_alike_and_remembers_the_full_size() -> None:
    plan = planned(crop=True, crop_margin=px(30, 30, 30, 30)).limited(160 * 120 // 4)
    assert plan.canvas == (80, 60)
    assert plan.subject == (15, 15, 65, 45)
    assert plan.full == (160, 120)


def test_a_limit_never_enlarges() -> None:
    assert planned().limited(25_000_000) == planned()


def test_no_side_is_longer_than_formats_allow() -> None:
    wide = layout.plan(
        (16_000, 20), Foreground(0, 0, 16_000, 20), Composition(crop=True, crop_margin=px(0, 500, 0, 500)), Reach()
    )
    assert wide.full == (17_000, 20)
    assert wide.limited(25_000_000).canvas == (16_000, 18)


def test_a_subject_is_never_shrunk_to_nothing() -> None:
    plan = layout.plan((16_000, 16), Foreground(3, 5, 1, 1), Composition(), NO_SHADOW).limited(1_000)
    left, top, right, bottom = plan.subject
    assert (right - left, bottom - top) == (1, 1)
