"""Print files as their readers see them: sizes in millimetres from the bytes, profiles, plates, names."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.worker.print_file import inks, writing
from services.worker.print_file.artwork import Artwork, artwork
from shared.models.print_file import PrintFileInput, PrintFormat, Space, Underbase
from tests.services.worker import print_readers
from tests.services.worker.print_file.pictures import PRESS, badge


def written(path: Path, **asked: object) -> Artwork:
    wanted = PrintFileInput(width_mm=43.7, spot="RDG_WHITE", **asked)  # type: ignore[arg-type]
    made = artwork(badge(), wanted, PRESS)
    writing.write(path, made, wanted, PRESS)
    return made


@pytest.mark.parametrize("dpi", [72, 150, 300, 720])
@pytest.mark.parametrize("format", [PrintFormat.PNG, PrintFormat.TIFF])
def test_the_size_in_the_bytes_is_the_size_asked_for(tmp_path: Path, dpi: int, format: PrintFormat) -> None:  # noqa: A002
    path = tmp_path / "a"
    made = written(path, dpi=dpi, format=format)
    with Image.open(path) as found:
        assert found.width / found.info["dpi"][0] * 25.4 == pytest.approx(43.7, abs=12.8 / dpi)
        assert np.array_equal(np.asarray(found), made.colours)
        assert found.info.get("icc_profile") == (None if format is PrintFormat.PNG else inks.srgb())


def test_the_page_of_a_pdf_is_as_large_as_the_ink(tmp_path: Path) -> None:
    written(tmp_path / "a.pdf", format=PrintFormat.PDF)
    size = re.search(r"Page size: +([\d.]+) x ([\d.]+)", print_readers.run("pdfinfo", tmp_path / "a.pdf"))
    assert size
    assert float(size[1]) / 72 * 25.4 == pytest.approx(43.7, abs=0.1)


@pytest.mark.parametrize("space", Space)
def test_the_white_of_a_pdf_is_a_separation_with_exactly_the_plate(tmp_path: Path, space: Space) -> None:
    made = written(tmp_path / "a.pdf", format=PrintFormat.PDF, underbase=Underbase.SPOT, space=space)
    (white,) = print_readers.plates(tmp_path / "a.pdf", 300, "RDG_WHITE")
    assert made.plate is not None
    assert np.array_equal(white, made.plate)


def test_the_underbase_leaves_the_inks_of_a_pdf_as_they_are(tmp_path: Path) -> None:
    names = ("Cyan", "Magenta", "Yellow", "Black")
    for space in Space:
        written(tmp_path / "with.pdf", format=PrintFormat.PDF, underbase=Underbase.SPOT, space=space)
        written(tmp_path / "without.pdf", format=PrintFormat.PDF, space=space)
        plates = [print_readers.plates(tmp_path / f"{name}.pdf", 300, *names) for name in ("with", "without")]
        assert all(np.abs(one.astype(int) - two).max() <= 1 for one, two in zip(*plates, strict=True))


def test_a_tiff_with_white_is_flat_cmyk_with_a_spot_channel(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    made = written(path, format=PrintFormat.TIFF, underbase=Underbase.SPOT, space=Space.CMYK)
    assert made.plate is not None
    told = print_readers.run("tiffinfo", "-D", path)
    assert "Extra Samples: 1<unspecified>" in told
    assert f"ICC Profile: <present>, {len(PRESS)} bytes" in told
    assert np.array_equal(print_readers.vips(path, (*made.plate.shape, 5)), inks.flat(made.colours, made.plate))


def test_the_name_of_the_spot_channel_is_the_setting(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    written(path, format=PrintFormat.TIFF, underbase=Underbase.SPOT, space=Space.CMYK)
    assert "RDG_WHITE" in print_readers.run("exiftool", "-AlphaChannelsNames", path)
    assert b"\x09RDG_WHITE" in path.read_bytes()


def test_a_plate_is_black_where_white_ink_goes(tmp_path: Path) -> None:
    plate = artwork(badge(), PrintFileInput(width_mm=43.7, underbase=Underbase.PLATE), PRESS).plate
    assert plate is not None
    writing.write_plate(tmp_path / "plate.png", plate, 300)
    with Image.open(tmp_path / "plate.png") as found:
        assert found.mode == "L"
        assert np.array_equal(255 - np.asarray(found), plate)


@pytest.mark.parametrize("program", ["pdftoppm", "mutool"])
def test_a_pdf_with_white_looks_like_the_artwork_on_white(tmp_path: Path, program: str) -> None:
    made = written(tmp_path / "a.pdf", format=PrintFormat.PDF, underbase=Underbase.SPOT)
    alpha = made.colours[..., 3:] / 255
    wanted = made.colours[..., :3] * alpha + 255 * (1 - alpha)
    found = print_readers.drawn(tmp_path / "a.pdf", 300, program)[: wanted.shape[0], : wanted.shape[1]]
    assert np.percentile(np.abs(found - wanted), 99) < 12  # poppler interpolates
