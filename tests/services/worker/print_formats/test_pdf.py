"""PDF pages: pictures once, spot colours as separations, lines; as independent readers see them."""

import re
import zlib
from pathlib import Path

import numpy as np
import pytest

from services.worker.print_formats import pdf
from services.worker.print_formats.pdf import Box
from tests.services.worker import print_readers

MM_PX = 4  # of the test's pictures
DPI = 25.4 * MM_PX  # draws them pixel by pixel


def picture(width: int = 80, height: int = 48) -> np.ndarray:
    """An L of opaque red in a clear picture, which shows turns and mirrors."""
    made = np.zeros((height, width, 4), np.uint8)
    made[:, :16] = made[-16:, :] = (200, 30, 40, 255)
    return made


def bare(path: Path) -> bytes:
    """The file with its streams' bytes cut out."""
    return re.sub(rb"stream\n.*?\nendstream", b"", path.read_bytes(), flags=re.DOTALL)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "page.pdf"


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("program", ["pdftoppm", "mutool"])
def test_a_picture_lies_where_it_is_placed_turned_clockwise(path: Path, quarters: int, program: str) -> None:
    rgba = picture()
    with pdf.page(path, (50, 40)) as page:
        page.place(page.picture(rgba), Box(10, 5, 20, 12, quarters))
    turned = np.rot90(rgba, -quarters)
    wanted = np.full((160, 200, 3), 255, np.uint8)
    part = wanted[20 : 20 + turned.shape[0], 40 : 40 + turned.shape[1]]
    np.copyto(part, turned[..., :3], where=turned[..., 3:] > 0)
    found = print_readers.drawn(
        path, round(DPI * 4), program
    )  # several pixels each, as programs round rims differently
    steps = (np.arange(side) * 4 + 2 for side in wanted.shape[:2])
    assert np.array_equal(found[np.ix_(*steps)], wanted)


def test_the_page_has_the_size_asked_for(path: Path) -> None:
    with pdf.page(path, (558.8, 5000)):
        pass
    found = re.search(r"Page size: +([\d.]+) x ([\d.]+) pts", print_readers.run("pdfinfo", path))
    assert found
    assert [float(side) / 72 * 25.4 for side in found.groups()] == pytest.approx([558.8, 5000], abs=0.01)


def test_a_page_longer_than_readers_can_show_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="5080"), pdf.page(path, (560, 5081)):
        pass


def test_a_picture_placed_often_is_stored_once(path: Path) -> None:
    with pdf.page(path, (500, 500)) as page:
        image = page.picture(picture())
        for at in range(100):
            page.place(image, Box(at, at, 20, 12, at))
    assert bare(path).count(b"/Subtype /Image") == 2  # colours and soft mask
    assert path.stat().st_size < 8000


def test_structure_is_sound_for_qpdf(path: Path) -> None:
    with pdf.page(path, (50, 40), b"a profile") as page:
        white = page.spot("White")
        page.place(page.plate(picture()[..., 3], white), Box(10, 5, 20, 12))
        page.place(page.picture(picture(), icc=b"another"), Box(10, 5, 20, 12), over_plate=True)
        page.stroke(page.spot("CutContour", (0, 1, 0, 0)), [[(5, 5), (40, 5), (40, 30)]], 0.25)
    told = print_readers.run("qpdf", "--check", path)
    assert "No syntax or stream encoding errors found" in told
    assert "WARNING" not in told


def test_a_plate_prints_exactly_and_leaves_the_inks_of_the_artwork_alone(path: Path) -> None:
    rng = np.random.default_rng(1)
    inks = rng.integers(0, 256, (48, 80, 5), dtype=np.uint8)
    plate = rng.integers(0, 256, (48, 80), dtype=np.uint8)
    with pdf.page(path, (20, 12)) as page:
        page.place(page.plate(plate, page.spot("White")), Box(0, 0, 20, 12))
        page.place(page.picture(inks), Box(0, 0, 20, 12), over_plate=True)
    white, *process = print_readers.plates(path, 1016, "White", "Cyan", "Magenta", "Yellow", "Black")
    steps = np.ix_(np.arange(48) * 10 + 5, np.arange(80) * 10 + 5)
    assert np.array_equal(white[steps], plate)
    flat = (inks[..., :4].astype(int) * inks[..., 4:] + 127) // 255
    assert np.abs(np.dstack([ink[steps] for ink in process]).astype(int) - flat).max() <= 1


def test_a_line_is_a_spot_colour_that_overprints(path: Path) -> None:
    solid = np.full((48, 80, 5), 255, np.uint8)
    solid[..., 1:4] = 0
    with pdf.page(path, (20, 12)) as page:
        page.place(page.picture(solid), Box(0, 0, 20, 12))
        page.stroke(page.spot("CutContour", (0, 1, 0, 0)), [[(5, 2), (15, 2), (15, 10), (5, 10)]], 2)
    cut, cyan = print_readers.plates(path, 254, "CutContour", "Cyan")
    assert (cut[20, 60], cut[60, 50], cut[60, 100], cut[100, 100]) == (255, 255, 0, 255)
    assert cyan.min() == 255


def test_spot_names_are_kept_letter_for_letter(path: Path) -> None:
    with pdf.page(path, (20, 12)) as page:
        page.place(page.plate(picture()[..., 3], page.spot("Weiß 1 (#/C)")), Box(0, 0, 20, 12))
    assert b"/Separation /Wei#c3#9f#201#20#28#23#2fC#29 " in bare(path)
    print_readers.run("qpdf", "--check", path)


def test_profiles_are_the_colours_of_rgb_and_the_intent_of_cmyk(path: Path) -> None:
    with pdf.page(path, (20, 12), b"press") as page:
        for _ in range(2):
            page.place(page.picture(picture(), icc=b"display"), Box(0, 0, 20, 12))
        page.place(page.picture(np.dstack([picture(), picture()[..., 3]])), Box(0, 0, 20, 12))
    text = bare(path)
    assert text.count(b"/N 3") == 1  # stored once
    assert b"/DestOutputProfile" in text
    assert text.count(b"/ColorSpace /DeviceCMYK") == 1  # the inks are not to be converted again
    streams = re.findall(
        rb"/Filter /FlateDecode /Length \d+ 0 R >>\nstream\n(.*?)\nendstream", path.read_bytes(), re.DOTALL
    )
    assert {b"press", b"display"} <= {zlib.decompress(stream) for stream in streams}


def test_the_same_page_is_the_same_file(path: Path, tmp_path: Path) -> None:
    for at in (path, tmp_path / "again.pdf"):
        with pdf.page(at, (20, 12)) as page:
            page.place(page.picture(picture()), Box(0, 0, 20, 12))
    assert path.read_bytes() == (tmp_path / "again.pdf").read_bytes()
