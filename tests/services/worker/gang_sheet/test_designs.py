"""Designs at print size: exact in size, whole, and the same in strips as at once."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.worker.gang_sheet import designs
from services.worker.gang_sheet.rasters import Laid
from services.worker.print_file import fitting
from tests.services.worker.gang_sheet.shapes import drawn


@pytest.mark.parametrize("size", [(1200, 1200), (591, 591), (400, 401), (77, 77), (1, 1)])
def test_strips_equal_the_whole_resampled_at_once(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    rgba = drawn("photo", 50, 300, seed=2)
    whole = fitting.fitted(rgba, size).copy()
    whole[whole[..., 3] < 8] = 0
    monkeypatch.setattr(designs, "_BAND_PIXELS", 20_000)
    strips = np.concatenate(list(designs.fitted(rgba, size)))
    assert strips.shape == whole.shape
    assert np.abs(strips.astype(int) - whole).max() <= 1


def test_the_ink_is_as_wide_as_asked_for_and_the_border_is_gone(tmp_path: Path) -> None:
    rgba = np.pad(drawn("badge", 40, 150), ((70, 20), (5, 90), (0, 0)))
    design = designs.make(rgba, 100, tmp_path / "design")
    assert design.width_mm == pytest.approx(100, abs=0.05)
    assert design.height_mm == pytest.approx(51.3, abs=0.1)  # as drawn
    bounds = design.outline.bounds
    assert bounds[0] <= 0
    assert bounds[2] >= design.width_mm
    assert design.ink == np.count_nonzero(design.colours.mapped()[..., 3])


def test_ink_too_faint_to_print_is_cleared_and_widens_nothing(tmp_path: Path) -> None:
    rgba = np.full((200, 200, 4), (9, 9, 9, 7), np.uint8)
    rgba[50:150, 50:150, 3] = 255
    design = designs.make(rgba, 20, tmp_path / "design")
    assert set(np.unique(design.colours.mapped()[..., 3])) == {255}
    assert design.outline.bounds[2] < 20.8


def test_a_picture_without_ink_is_refused(tmp_path: Path) -> None:
    for alpha in (0, 7):
        with pytest.raises(designs.NoInk):
            designs.make(np.full((40, 40, 4), alpha, np.uint8), 100, tmp_path / "design")


def test_a_design_with_too_many_pixels_is_refused_before_it_is_made(tmp_path: Path) -> None:
    thin = np.full((4000, 2, 4), 255, np.uint8)
    with pytest.raises(designs.TooLarge):
        designs.make(thin, 500, tmp_path / "design")
    assert list(tmp_path.iterdir()) == []


def test_a_label_lies_below_the_ink_within_the_outline(tmp_path: Path) -> None:
    rgba = drawn("disc", 10, 300)
    plain = designs.make(rgba, 10, tmp_path / "plain")
    labelled = designs.make(rgba, 10, tmp_path / "labelled", label="12 · 10 mm", white=True)
    assert labelled.height_mm > plain.height_mm + 3
    assert labelled.ink > plain.ink
    assert labelled.outline.bounds[3] > labelled.height_mm - 0.1
    assert labelled.plate is not None
    assert (labelled.plate.height, labelled.plate.width) == (labelled.colours.height, labelled.colours.width)
    alpha = labelled.colours.mapped()[..., 3]
    white = labelled.plate.mapped()[..., 0]
    assert (white <= alpha).all()
    assert 0 < np.count_nonzero(white) < np.count_nonzero(alpha)


def test_a_label_lies_below_the_lowest_ink(tmp_path: Path) -> None:
    ell = np.zeros((400, 400, 4), np.uint8)
    ell[:40], ell[:, 300:340] = 255, 255
    labelled = designs.make(ell, 60, tmp_path / "ell", label="1: 60 mm").colours.mapped()[..., 3]
    columns = np.flatnonzero(labelled[-20:].any(0)) / labelled.shape[1]
    assert columns.mean() == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize("quarters", range(4))
def test_turned_rows_are_those_of_the_turned_picture(quarters: int, tmp_path: Path) -> None:
    design = designs.make(drawn("photo", 30, 150, seed=4)[:, :90], 25, tmp_path / "design")
    turned = np.rot90(design.colours.mapped(), -quarters)
    laid = Laid.of(design.colours, 17, 23, quarters)
    assert (laid.raster.height, laid.raster.width) == turned.shape[:2]
    assert laid.bottom == 23 + len(turned)
    assert np.array_equal(laid.rows(23 + 5, 23 + 40), turned[5:40])


def test_edges_keep_their_colour(tmp_path: Path) -> None:
    image = Image.new("RGBA", (100, 100), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (20, 20, 80, 80))
    pixels = designs.make(np.asarray(image), 30, tmp_path / "design").colours.mapped()
    assert pixels[pixels[..., 3] > 0][:, 1].max() == 0
