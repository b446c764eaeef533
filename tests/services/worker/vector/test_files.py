"""Separations of a traced logo, as independent readers see them: one plate for each ink, none above another."""

import io
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import resvg_py
from PIL import Image
from scipy import ndimage

from services.worker.vector import files
from services.worker.vector.files import Drawing
from tests.services.worker import print_readers
from tests.services.worker.vector.logos import INKS, Pixels, drawing, logo

WIDTH_MM, DPI = 60, 254  # ten pixels a millimetre
MARGIN = 160  # pixels


@pytest.fixture(scope="module")
def traced() -> Drawing:
    return drawing(logo(400), WIDTH_MM)


def _page(folder: Path, traced: Drawing, *, marks: bool = False) -> Path:
    path = folder / "separations.pdf"
    files.write_pdf(path, traced, marks=marks)
    return path


def _spots(traced: Drawing) -> list[str]:
    return [files.spot_of(number, colour) for number, colour in enumerate(traced.colours, start=1)]


def _shown(traced: Drawing) -> Pixels:
    """The SVG as resvg shows it at the size of the plates, (h, w, 4)."""
    side = WIDTH_MM * 10
    sized = re.sub(r'width="\S+" height="\S+"', f'width="{side}" height="{side}"', files.svg(traced).decode(), count=1)
    return np.asarray(Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=sized)))))


def test_each_ink_has_a_plate_that_is_its_area_in_the_svg(tmp_path: Path, traced: Drawing) -> None:
    found = print_readers.plates(_page(tmp_path, traced), DPI, *_spots(traced))
    shown = _shown(traced)
    for plate, colour in zip(found, traced.colours, strict=True):
        meant = (np.abs(shown[..., :3].astype(int) - colour).max(2) < 8) & (shown[..., 3] > 250)
        inside = ndimage.binary_erosion(meant)  # at edges, a PDF fills every pixel that it touches
        assert inside.any()
        assert (plate[: len(shown), : shown.shape[1]][inside] > 250).mean() > 0.999


def test_no_two_inks_lie_above_each_other_and_none_is_a_process_colour(tmp_path: Path, traced: Drawing) -> None:
    path = _page(tmp_path, traced)
    plates = np.stack(print_readers.plates(path, DPI, *_spots(traced), "Cyan", "Magenta", "Yellow", "Black"))
    assert (plates[len(INKS) :] == 0).all()
    full = (plates[: len(INKS)] > 128).sum(0)
    assert full.max() == 1
    assert full.sum() == pytest.approx((_shown(traced)[..., 3] > 128).sum(), rel=0.01)


def test_the_page_shows_the_colours_and_has_the_size_of_the_print(tmp_path: Path, traced: Drawing) -> None:
    path = _page(tmp_path, traced)
    found = re.search(r"Page size: +([\d.]+) x ([\d.]+) pts", print_readers.run("pdfinfo", path))
    assert found
    assert [float(side) / 72 * 25.4 for side in found.groups()] == pytest.approx([WIDTH_MM, WIDTH_MM], abs=0.1)
    drawn, shown = print_readers.drawn(path, DPI), _shown(traced)
    opaque = shown[..., 3] > 250
    off = np.abs(drawn[: len(shown), : shown.shape[1]].astype(int) - shown[..., :3]).max(2)[opaque]
    assert (off > 16).mean() < 0.04  # rims


def test_marks_lie_on_every_film_at_the_same_place_and_each_film_has_its_name(tmp_path: Path, traced: Drawing) -> None:
    bare = print_readers.plates(_page(tmp_path, traced), DPI, *_spots(traced))
    films = print_readers.plates(_page(tmp_path, traced, marks=True), DPI, *_spots(traced))
    names = []
    for film, plate in zip(films, bare, strict=True):
        inside = film[MARGIN : MARGIN + 595, MARGIN : MARGIN + 595]
        assert (np.abs(inside.astype(int) - plate[:595, :595]) > 128).mean() < 0.01
        middle = film.shape[1] // 2
        for y, x in ((90, middle), (film.shape[0] - 90, middle), (film.shape[0] // 2, 90)):
            cross = film[y - 25 : y + 25, x - 25 : x + 25] > 128
            assert cross.any(1).all()
            assert cross.any(0).all()
        columns = np.flatnonzero(film[:45].max(0) > 128)
        names.append((columns[0], columns[-1]))
    assert all(end < begin for (_, end), (begin, _) in pairwise(names))


def test_without_ghostscript_the_file_names_its_separations(tmp_path: Path, traced: Drawing) -> None:
    data = _page(tmp_path, traced).read_bytes()
    for number, colour in enumerate(traced.colours, start=1):
        shown = " ".join(f"{share:.4g}" for share in colour / 255)
        name = f"/Separation /Ink#20{number}#20{bytes(colour).hex().upper()} /DeviceRGB"
        assert f"[{name} << /FunctionType 2 /Domain [0 1] /C0 [1 1 1] /C1 [{shown}] /N 1 >>]".encode() in data
    assert b"/Separation /All" not in data
