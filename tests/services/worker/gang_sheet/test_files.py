"""Files of a sheet, read back by other software: every copy is there, whole, at its place."""

import re
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from services.worker.gang_sheet import composing, designs, files, layout, preview
from services.worker.gang_sheet.designs import Design
from services.worker.gang_sheet.geometry import Shape
from shared.models.gang_sheet import Effort, Film, Placement, SheetFormat, millimetres, pixels
from tests.services.worker.gang_sheet.shapes import drawn

SIZE = (700, 501)


def at(item: int, x: int, y: int, quarters: int = 0) -> Placement:
    return Placement(item, 0, millimetres(x), millimetres(y), quarters)


PLACED = [at(0, 10, 12), at(1, 320, 8, 1), at(0, 300, 200, 2), at(1, 5, 300, 3), at(1, 560, 400)]


@pytest.fixture
def made(tmp_path: Path) -> list[Design]:
    pictures = (drawn("crescent", 20, 300, seed=1), drawn("photo", 20, 300, seed=2)[:140])
    return [
        designs.make(picture, 18 - 8 * item, tmp_path / f"design{item}", white=True)
        for item, picture in enumerate(pictures)
    ]


def pasted(made: list[Design]) -> NDArray[np.uint8]:
    """The sheet as Pillow puts it together."""
    sheet = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
    for placement in PLACED:
        picture = Image.fromarray(np.array(np.rot90(made[placement.item].colours.mapped(), -placement.quarters)))
        whole = Image.new("RGBA", SIZE)
        whole.paste(picture, (round(placement.x_mm / 25.4 * 300), round(placement.y_mm / 25.4 * 300)))
        sheet = np.where(np.asarray(whole)[..., 3:] > 0, np.asarray(whole), sheet)
    return sheet


@pytest.mark.parametrize("kind", [SheetFormat.PNG, SheetFormat.TIFF])
def test_pictures_equal_what_pillow_puts_together(made: list[Design], tmp_path: Path, kind: SheetFormat) -> None:
    path = tmp_path / f"sheet.{kind}"
    files.write(path, kind, made, PLACED, SIZE)
    with Image.open(path) as read:
        assert np.array_equal(np.asarray(read), pasted(made))
        assert float(read.info["dpi"][0]) == pytest.approx(300, abs=0.01)


def test_a_pdf_holds_each_design_once_and_lays_it_down_where_it_belongs(made: list[Design], tmp_path: Path) -> None:
    path = tmp_path / "sheet.pdf"
    files.write(path, SheetFormat.PDF, made, PLACED, SIZE, "White Ink")
    data = path.read_bytes()
    assert data.count(b"/SMask") == len(made)
    assert b"/Separation /White#20Ink" in data
    content = next(
        text
        for stream in re.findall(rb"stream\n(.*?)\nendstream", data, re.DOTALL)
        if b" cm " in (text := _inflated(stream))
    )
    assert content.count(b" Do") == 2 * len(PLACED)
    width, height = (float(side) for side in re.findall(rb"MediaBox \[0 0 ([\d.]+) ([\d.]+)", data)[0])
    assert width / 72 * 300 == pytest.approx(SIZE[0], abs=0.01)
    assert height / 72 * 300 == pytest.approx(SIZE[1], abs=0.01)


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""


def test_the_plate_lies_below_the_ink_and_is_black(made: list[Design], tmp_path: Path) -> None:
    path = tmp_path / "plate.png"
    files.write_plate(path, made, PLACED, SIZE)
    plate = 255 - np.asarray(Image.open(path)).astype(int)
    assert plate.shape == (SIZE[1], SIZE[0])
    assert (plate <= pasted(made)[..., 3]).all()
    assert np.count_nonzero(plate) > 0.9 * np.count_nonzero(pasted(made)[..., 3])


@pytest.mark.parametrize("wrong", [at(0, 60, 40), at(0, 640, 30), at(0, -30, 30)], ids=["overlap", "right", "left"])
def test_ink_that_overlaps_or_is_cut_off_fails_the_sheet(made: list[Design], tmp_path: Path, wrong: Placement) -> None:
    with pytest.raises(composing.InkLost):
        files.write(tmp_path / "sheet.png", SheetFormat.PNG, made, [*PLACED, wrong], SIZE)


def test_boxes_may_interlock(tmp_path: Path) -> None:
    frame = np.full((100, 100, 4), 255, np.uint8)
    frame[:60, 30:] = 0
    made = [designs.make(frame, 10, tmp_path / "ell"), designs.make(frame[60:], 4, tmp_path / "bar")]
    interlocking = [at(0, 10, 10), at(1, 60, 15)]
    files.write(tmp_path / "sheet.png", SheetFormat.PNG, made, interlocking, SIZE)
    ink = np.asarray(Image.open(tmp_path / "sheet.png"))[..., 3] > 0
    assert np.count_nonzero(ink) == made[0].ink + made[1].ink


def test_a_preview_is_small_and_shows_every_piece(made: list[Design]) -> None:
    picture = preview.draw(made, PLACED, SIZE)
    assert picture.size == (round(700 * 3 * 25.4 / 300), round(501 * 3 * 25.4 / 300))
    shown = np.asarray(picture).astype(int)
    film = np.abs(shown - shown[-1, -1]).max(2) < 4
    share = 1 - film.mean()
    ink = (pasted(made)[..., 3] > 0).mean()
    assert share == pytest.approx(ink, rel=0.1)
    assert len(preview.encoded(picture)) < 20_000


def test_a_preview_of_a_long_sheet_is_bounded(made: list[Design]) -> None:
    assert preview.draw(made, [at(1, 5, 50_000)], (6614, 59_055)).size[1] <= 2400


def test_nested_ink_keeps_its_distance_in_the_written_file(tmp_path: Path) -> None:
    """Each piece's pixels are found by its own placement, and measured against those of all others."""
    kinds = ("crescent", "boomerang", "star", "text", "islands", "ring")
    made = [designs.make(drawn(kind, 30, 300, at), 24, tmp_path / kind) for at, kind in enumerate(kinds)]
    film = Film(100, 400, 5, 3)
    shapes = [Shape(one.outline, one.width_mm, one.height_mm, 2, (0, 1, 2, 3)) for one in made]
    found = layout.arrange(shapes, film, Effort.TIGHT)
    assert found.saved > 0
    size = pixels(film.width_mm), pixels(found.lengths[0])
    files.write(tmp_path / "sheet.png", SheetFormat.PNG, made, found.placements, size)
    ink = np.asarray(Image.open(tmp_path / "sheet.png"))[..., 3] > 0
    for placement in found.placements:
        own = _own_ink(made[placement.item], placement, ink)
        others = ndimage.distance_transform_edt(~(ink & ~own))
        assert others[own].min() - 1 >= film.gap_mm / 25.4 * 300 - 1
    border = pixels(film.margin_mm) - 1
    assert not ink[:border].any()
    assert not ink[-border:].any()
    assert not ink[:, :border].any()
    assert not ink[:, -border:].any()


def _own_ink(design: Design, placement: Placement, sheet: NDArray[np.bool_]) -> NDArray[np.bool_]:
    picture = np.rot90(design.colours.mapped(), -placement.quarters)[..., 3] > 0
    x, y = pixels(placement.x_mm), pixels(placement.y_mm)
    own = np.zeros_like(sheet)
    own[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
    assert sheet[own].all()
    return own
