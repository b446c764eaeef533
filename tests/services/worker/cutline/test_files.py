"""Cut lines as SVG and PDF, as independent readers see them."""

import io
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import resvg_py
import shapely
from PIL import Image

from services.worker.cutline import files
from services.worker.cutline.contour import Knife, cut_line
from services.worker.print_formats import pdf as pages
from tests.services.worker import print_readers
from tests.services.worker.cutline.drawings import MM, Pixels, star

DPI = 300


@pytest.fixture(scope="module")
def layout() -> files.Layout:
    return files.laid_out(cut_line(star(), MM, Knife()), (60, 60))


def picture() -> Pixels:
    """The star in cyan."""
    return np.dstack([np.zeros_like(star()), *[np.full_like(star(), 255)] * 2, star()])


def test_the_page_holds_the_line_and_the_picture(layout: files.Layout) -> None:
    inside = shapely.box(0.99, 0.99, layout.width_mm - 0.99, layout.height_mm - 0.99)
    assert inside.contains(layout.line)
    x, y, width, height, _ = layout.picture
    assert inside.contains(shapely.box(x, y, x + width, y + height))


def test_the_svg_is_a_magenta_hairline_in_millimetres_on_a_named_layer(layout: files.Layout) -> None:
    root = ET.fromstring(files.svg(layout, "CutContour"))
    assert (root.get("width"), root.get("height")) == (f"{layout.width_mm:g}mm", f"{layout.height_mm:g}mm")
    assert root.get("viewBox") == f"0 0 {layout.width_mm:g} {layout.height_mm:g}"
    group = root[0]
    assert (group.get("id"), group.get("fill"), group.get("stroke")) == ("CutContour", "none", "#ff00ff")
    points = np.array(re.findall(r"([\d.]+),([\d.]+)", group[0].get("d", "")), float)
    assert np.abs(points - np.concatenate(layout.rings)).max() <= 0.0006


def test_a_layer_may_have_any_name(layout: files.Layout) -> None:
    assert ET.fromstring(files.svg(layout, 'Thru-cut "<1>"'))[0].get("id") == 'Thru-cut "<1>"'


def test_a_renderer_draws_the_svg_where_the_line_is(layout: files.Layout) -> None:
    large = re.sub(rb'"([\d.]+)mm"', lambda side: b'"%d"' % (float(side[1]) * 40), files.svg(layout, "CutContour"))
    shown = np.asarray(Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=large.decode())))))[..., 3]
    assert shown.shape == (int(layout.height_mm * 40), int(layout.width_mm * 40))
    rows, columns = np.nonzero(shown > 100)
    points = shapely.points((np.stack([columns, rows], 1) + 0.5) / 40)
    assert shapely.distance(layout.line.boundary, points).max() < 0.1


@pytest.fixture
def pdf(layout: files.Layout, tmp_path: Path) -> Path:
    path = tmp_path / "cut.pdf"
    files.write_pdf(path, layout, "CutContour", picture())
    return path


def test_the_page_of_the_pdf_has_the_size(layout: files.Layout, pdf: Path) -> None:
    found = re.search(r"Page size: +([\d.]+) x ([\d.]+) pts", print_readers.run("pdfinfo", pdf))
    assert found
    size = [float(side) / 72 * 25.4 for side in found.groups()]
    assert size == pytest.approx([layout.width_mm, layout.height_mm], abs=0.1)


def test_the_line_is_a_separation_of_its_name_where_it_should_be(layout: files.Layout, pdf: Path) -> None:
    (plate,) = print_readers.plates(pdf, DPI, "CutContour")
    rows, columns = np.nonzero(plate > 40)
    points = shapely.points((columns + 0.5) / DPI * 25.4, (rows + 0.5) / DPI * 25.4)
    assert shapely.distance(layout.line.boundary, points).max() < 0.15
    reached = shapely.distance(shapely.multipoints(points), shapely.points(np.concatenate(layout.rings)))
    assert reached.max() < 0.15


def test_the_line_overprints_and_the_picture_lies_beneath(layout: files.Layout, pdf: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.pdf"
    with pages.page(bare, (layout.width_mm, layout.height_mm)) as page:
        page.place(page.picture(picture()), layout.picture)
    inks = ("Cyan", "Magenta", "Yellow", "Black")
    cut, plain = (np.dstack(print_readers.plates(path, DPI, *inks)) for path in (pdf, bare))
    assert cut[..., 0].max() > 100
    assert np.array_equal(cut, plain)


def test_without_artwork_there_is_only_the_line(layout: files.Layout, tmp_path: Path) -> None:
    path = tmp_path / "line.pdf"
    files.write_pdf(path, layout, "Die Cut")
    assert not any(plate.any() for plate in print_readers.plates(path, DPI, "Cyan", "Magenta", "Yellow", "Black"))
    assert print_readers.plates(path, DPI, "Die Cut")[0].any()
