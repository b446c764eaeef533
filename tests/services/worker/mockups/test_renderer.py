"""Mock-ups: honest in scale and place, untouched beside the print, true to folds and cloth."""

import io

import numpy as np
import pytest
from PIL import Image

from services.worker.mockups import packs
from services.worker.mockups.placement import Placement
from services.worker.mockups.renderer import render, webp
from shared import errors
from shared.models.garment import GARMENTS, SIDE
from tests.services.worker.mockups.pictures import BLACK, FILL, WHITE, blank, printed, shown, square

ALL = sorted(GARMENTS)
CLOTH = ["hoodie", "tote", "tshirt-back", "tshirt-front"]


@pytest.mark.parametrize("name", ALL)
def test_the_same_mock_up_has_the_same_pixels(name: str) -> None:
    assert np.array_equal(shown(name, WHITE, square((150, 60, 60))), shown(name, WHITE, square((150, 60, 60))))


@pytest.mark.parametrize("name", ALL)
def test_nothing_changes_outside_the_window_of_the_print(name: str) -> None:
    left, top, right, bottom = packs.load(GARMENTS[name]).window
    changed = (shown(name, WHITE, square((10, 10, 10))) != blank(name, WHITE)).any(axis=2)
    assert changed[top:bottom, left:right].any()
    changed[top:bottom, left:right] = False
    assert not changed.any()


def test_printing_leaves_the_kept_blank_as_it_was() -> None:
    before = blank("mug", WHITE)
    shown("mug", WHITE, square((10, 10, 10)))
    assert np.array_equal(before, blank("mug", WHITE))


@pytest.mark.parametrize("name", [*CLOTH, "cap"])
def test_a_width_in_millimetres_is_true_to_scale(name: str) -> None:
    garment = GARMENTS[name]
    side_mm = 50.0 if name == "cap" else 100.0
    covered = printed(name, WHITE, square((0, 0, 0)), Placement(width_mm=side_mm)).sum()
    assert np.sqrt(covered) / side_mm == pytest.approx(garment.px_mm, rel=0.03)


def test_a_print_is_narrower_to_the_sides_of_the_mug() -> None:
    stripe = square((0, 0, 0))
    middle = printed("mug", WHITE, stripe, Placement(width_mm=8)).any(axis=0).sum()
    side = printed("mug", WHITE, stripe, Placement(width_mm=8, dx_mm=34)).any(axis=0).sum()
    assert middle == pytest.approx(8 * GARMENTS["mug"].px_mm, rel=0.03)
    assert side < 0.8 * middle


@pytest.mark.parametrize("name", ["hoodie", "tshirt-front"])
def test_white_ink_is_white_on_black_cloth(name: str) -> None:
    x, y = GARMENTS[name].centre
    middle = np.s_[y - 50 : y + 50, x - 50 : x + 50]
    assert shown(name, BLACK, square((255, 255, 255)), Placement(width_mm=200))[middle].mean() >= 200
    assert blank(name, BLACK)[middle].mean() < 60


def test_ink_dyes_pale_cloth_and_covers_dark_cloth() -> None:
    sand, yellow = (216, 198, 165), square((255, 240, 60))
    x, y = GARMENTS["tote"].centre
    assert shown("tote", sand, yellow)[y, x, 0] < 225 < shown("tote", BLACK, yellow)[y, x, 0]


@pytest.mark.parametrize("cloth", [WHITE, BLACK])
@pytest.mark.parametrize("name", CLOTH)
def test_a_print_is_shaded_by_the_folds(name: str, cloth: tuple[int, int, int]) -> None:
    garment, pack = GARMENTS[name], packs.load(GARMENTS[name])
    half_x, half_y = (int(0.45 * side * garment.px_mm) for side in garment.area_mm)
    x, y = garment.centre
    inner = np.s_[y - half_y : y + half_y, x - half_x : x + half_x]
    tall = square((150, 150, 150)).resize((300, 400))
    grey = shown(name, cloth, tall, Placement(width_mm=garment.area_mm[0])).mean(axis=2)[inner]
    light = pack.shade[inner].astype(float)
    assert np.corrcoef(grey.ravel(), light.ravel())[0, 1] >= 0.6
    low, high = np.percentile(grey, [5, 95])
    assert 1.05 <= high / low <= 1.4


def test_a_design_moves_and_turns_as_asked() -> None:
    bar = square((0, 0, 0)).resize((400, 100))
    still = printed("tshirt-front", WHITE, bar, Placement(width_mm=100))
    moved = printed("tshirt-front", WHITE, bar, Placement(width_mm=100, dx_mm=40, dy_mm=60))
    turned = printed("tshirt-front", WHITE, bar, Placement(width_mm=100, rotate=90))
    assert _middle(moved) - _middle(still) == pytest.approx(np.array([40, 60]) * 1.07, abs=3)
    assert turned.any(axis=0).sum() == pytest.approx(still.any(axis=1).sum(), abs=4)
    assert turned.any(axis=1).sum() == pytest.approx(still.any(axis=0).sum(), abs=6)


def test_a_positive_turn_is_clockwise() -> None:
    bar = square((0, 0, 0)).resize((400, 40))
    y, x = np.nonzero(printed("laptop-sticker", BLACK, bar, Placement(width_mm=100, rotate=30)))
    assert np.polyfit(x, y, 1)[0] == pytest.approx(np.tan(np.radians(30)), rel=0.1)


def test_a_design_is_cut_at_the_border_of_the_print_area() -> None:
    everywhere = printed("tshirt-front", WHITE, square((0, 0, 0)), Placement(width_mm=900))
    width, height = everywhere.any(axis=0).sum(), everywhere.any(axis=1).sum()
    assert width == pytest.approx(305 * 1.07, rel=0.04)
    assert height == pytest.approx(406 * 1.07, rel=0.04)


def test_a_design_beside_the_print_area_is_not_shown() -> None:
    assert not printed("mug", WHITE, square((0, 0, 0)), Placement(width_mm=20, dx_mm=500)).any()


def test_cords_lie_over_the_print() -> None:
    covered = printed("hoodie", BLACK, square((255, 255, 255)))
    above = packs.load(GARMENTS["hoodie"]).bare < 0.1
    left, top, right, bottom = packs.load(GARMENTS["hoodie"]).window
    assert above.sum() > 100
    assert not covered[top:bottom, left:right][above].any()


def test_a_sticker_has_a_white_rim() -> None:
    dot = square((200, 0, 0))
    covered = printed("laptop-sticker", BLACK, dot, Placement(width_mm=40))
    across = covered[GARMENTS["laptop-sticker"].centre[1]].sum() / GARMENTS["laptop-sticker"].px_mm
    assert across == pytest.approx(45, abs=1.5)
    row = shown("laptop-sticker", BLACK, dot, Placement(width_mm=40))[GARMENTS["laptop-sticker"].centre[1]]
    assert row[covered[GARMENTS["laptop-sticker"].centre[1]]][3].min() > 180


@pytest.mark.parametrize("width", [50, 333, SIDE])
def test_a_mock_up_has_the_width_asked_for(width: int) -> None:
    picture = render(square((0, 0, 0)), GARMENTS["cap"], WHITE, FILL, width)
    assert (picture.size, picture.mode) == ((width, width), "RGB")


def test_the_file_is_a_webp_of_the_picture() -> None:
    picture = render(square((200, 30, 30)), GARMENTS["mug"], WHITE, FILL)
    with Image.open(io.BytesIO(webp(picture))) as read:
        assert (read.format, read.size) == ("WEBP", picture.size)
        assert np.abs(np.asarray(read).astype(int) - np.asarray(picture)).mean() < 2


@pytest.mark.parametrize("width", [-1, 0, 49, SIDE + 1])
def test_other_widths_are_refused(width: int) -> None:
    with pytest.raises(errors.InvalidRequest):
        render(None, GARMENTS["cap"], WHITE, FILL, width)


def _middle(where: np.ndarray) -> np.ndarray:
    y, x = np.nonzero(where)
    return np.array([x.mean(), y.mean()])
