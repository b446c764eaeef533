"""From a picture to its inks: cropped to the ink, sized, mirrored; and what cannot be printed."""

import numpy as np
import pytest

from services.worker.print_file.artwork import NoInk, TooLarge, artwork
from shared.models.print_file import PrintFileInput, PrintFormat, Space, Underbase
from tests.services.worker.print_file.pictures import PRESS, badge


def test_the_file_ends_where_the_ink_ends_and_has_the_width_asked_for() -> None:
    rgba = badge()
    ink = rgba[..., 3] >= 8
    box = (int(ink.any(0).sum()), int(ink.any(1).sum()))
    made = artwork(rgba, PrintFileInput(width_mm=50, dpi=254), PRESS)
    assert made.colours.shape == (round(500 * box[1] / box[0]), 500, 4)
    assert made.plate is None


def test_a_picture_of_the_right_size_keeps_its_pixels() -> None:
    rgba = badge()
    rows, columns = (np.flatnonzero((rgba[..., 3] >= 8).any(axis)) for axis in (1, 0))
    made = artwork(rgba, PrintFileInput(width_mm=len(columns) / 10, dpi=254), PRESS)
    assert np.array_equal(made.colours, rgba[np.ix_(rows, columns)])


def test_mirrored_artwork_and_plate_are_reversed() -> None:
    asked = [
        PrintFileInput(width_mm=40, underbase=Underbase.PLATE, space=space, format=PrintFormat.TIFF, mirror=mirror)
        for space in Space
        for mirror in (False, True)
    ]
    for plain, mirrored in (asked[:2], asked[2:]):
        one, other = artwork(badge(), plain, PRESS), artwork(badge(), mirrored, PRESS)
        assert one.plate is not None
        assert other.plate is not None
        assert np.array_equal(one.colours[:, ::-1], other.colours)
        assert np.array_equal(one.plate[:, ::-1], other.plate)


def test_fades_become_dots_in_artwork_and_plate() -> None:
    made = artwork(badge(), PrintFileInput(width_mm=80, underbase=Underbase.PLATE, halftone_lpi=30), PRESS)
    assert set(np.unique(made.colours[..., 3])) == {0, 255}
    assert made.plate is not None
    white, dots = (plane[250:650, 600:900].sum(dtype=int) for plane in (made.plate, made.colours[..., 3]))
    assert 0.95 * dots < white < dots  # dots are not drawn in one by one


def test_turned_artwork_is_as_large_as_asked_and_says_where_its_corner_went() -> None:
    rgba = np.zeros((120, 220, 4), np.uint8)
    rgba[10:110, 10:210] = (0, 0, 90, 255)
    plain = artwork(rgba, PrintFileInput(width_mm=50, dpi=254), PRESS)
    asked = PrintFileInput(width_mm=50, dpi=254, rotation_mdeg=30_000, underbase=Underbase.PLATE)
    made = artwork(rgba, asked, PRESS)
    assert (plain.colours.shape[:2], plain.offset) == ((250, 500), (0, 0))
    assert made.colours.shape[:2] == pytest.approx((466.5, 558), abs=1.5)  # 500 x 250 turned by 30 degrees
    assert made.offset == pytest.approx((-29, -108.3), abs=1.5)
    assert made.plate is not None
    assert made.plate.shape == made.colours.shape[:2]
    assert 0 < made.plate.sum(dtype=int) < made.colours[..., 3].sum(dtype=int)


def test_a_turned_disc_ends_where_its_ink_ends() -> None:
    y, x = np.mgrid[:300, :300] - 149.5
    rgba = np.full((300, 300, 4), 20, np.uint8)
    rgba[..., 3] = np.where(np.hypot(x, y) < 150, 255, 0)
    made = artwork(rgba, PrintFileInput(width_mm=30, dpi=254, rotation_mdeg=45_000), PRESS)
    assert made.colours.shape[:2] == pytest.approx((300, 300), abs=2)
    alpha = made.colours[..., 3]
    assert min(alpha[0].max(), alpha[-1].max(), alpha[:, 0].max(), alpha[:, -1].max()) >= 8


@pytest.mark.parametrize("level", [0, 7])
def test_a_picture_without_ink_is_refused(level: int) -> None:
    with pytest.raises(NoInk):
        artwork(np.full((20, 20, 4), level, np.uint8), PrintFileInput(width_mm=50), PRESS)


@pytest.mark.parametrize(
    "asked",
    [
        {"width_mm": 1000, "dpi": 600},
        {"width_mm": 5100, "dpi": 20},
        {"width_mm": 590, "dpi": 300, "rotation_mdeg": 45_000},
    ],
)
def test_a_file_too_large_is_refused_before_it_is_made(asked: dict[str, float]) -> None:
    with pytest.raises(TooLarge):
        artwork(badge(), PrintFileInput(**asked), PRESS)  # type: ignore[arg-type]
