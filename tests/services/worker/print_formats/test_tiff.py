"""TIFF in strips: exact samples, resolution and profile; spot channels that readers see as extra samples."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from services.worker.print_formats import tiff
from services.worker.print_formats.strips import strips_of
from services.worker.print_formats.tiff import Colours
from tests.services.worker import print_readers

RGBA = np.random.default_rng(1).integers(0, 256, (777, 700, 4), dtype=np.uint8)
INKS = np.random.default_rng(2).integers(0, 256, (777, 700, 6), dtype=np.uint8)
SIZE = (700, 777)


def written(path: Path, *, spots: tuple[str, ...] = (), icc: bytes | None = None) -> Path:
    strips = strips_of(INKS[..., : 4 + (len(spots) or 1)])
    tiff.write(path, strips, SIZE, 600, colours=Colours.CMYK, spots=spots, icc=icc)
    return path


def test_rgba_is_read_back_with_its_resolution_and_profile(tmp_path: Path) -> None:
    path = tmp_path / "sheet.tif"
    tiff.write(path, strips_of(RGBA), SIZE, 300, icc=b"a profile of odd length")
    with Image.open(path) as found:
        assert found.mode == "RGBA"
        assert np.array_equal(np.asarray(found), RGBA)
        assert found.info["dpi"] == (300, 300)
        assert found.info["icc_profile"] == b"a profile of odd length"
        assert isinstance(found, TiffImagePlugin.TiffImageFile)
        assert found.tag_v2[338] == (2,)  # alpha that is not premultiplied


def test_a_resolution_is_a_fraction(tmp_path: Path) -> None:
    tiff.write(tmp_path / "a.tif", strips_of(RGBA), SIZE, 304.8)
    with Image.open(tmp_path / "a.tif") as found:
        assert isinstance(found, TiffImagePlugin.TiffImageFile)
        resolution = found.tag_v2[282]
        assert (resolution.numerator, resolution.denominator) == (1524, 5)


def test_bigtiff_is_written_where_offsets_of_32_bits_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiff.write(tmp_path / "classic.tif", strips_of(RGBA), SIZE, 300)
    assert (tmp_path / "classic.tif").read_bytes()[:4] == b"II*\0"
    monkeypatch.setattr(tiff, "_CLASSIC_BYTES", RGBA.size - 1)
    tiff.write(tmp_path / "big.tif", strips_of(RGBA), SIZE, 300)
    assert (tmp_path / "big.tif").read_bytes()[:4] == b"II+\0"
    with Image.open(tmp_path / "big.tif") as found:
        assert np.array_equal(np.asarray(found), RGBA)


@pytest.mark.parametrize("rows", [(100, 101, 576), (100, 50, 627)])
def test_strips_of_uneven_heights_are_refused(tmp_path: Path, rows: tuple[int, ...]) -> None:
    ends = np.cumsum(rows)
    with pytest.raises(ValueError, match="strips"):
        tiff.write(tmp_path / "a.tif", np.split(RGBA, ends[:-1]), SIZE, 300)


def test_a_strip_in_the_wrong_layout_is_written_right(tmp_path: Path) -> None:
    turned = np.rot90(RGBA, 2)
    tiff.write(tmp_path / "turned.tif", strips_of(turned), SIZE, 300)
    with Image.open(tmp_path / "turned.tif") as found:
        assert np.array_equal(np.asarray(found), turned)


def test_libtiff_decodes_everything_and_names_the_inks(tmp_path: Path) -> None:
    told = print_readers.run("tiffinfo", "-D", written(tmp_path / "a.tif", spots=("White", "Varnish")))
    assert "Photometric Interpretation: separated" in told
    assert "Extra Samples: 2<unspecified, unspecified>" in told
    assert "InkSet: 1" in told
    assert "Resolution: 600, 600 pixels/inch" in told
    assert "rror" not in told


def test_spot_channels_are_extra_samples_for_libvips(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif", spots=("White",))
    assert np.array_equal(print_readers.vips(path, (777, 700, 5)), INKS[..., :5])
    assert "5 bands, cmyk" in print_readers.run("vipsheader", path)


def test_a_spot_channel_is_a_channel_more_for_imagemagick(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif", spots=("White",))
    assert print_readers.run("identify", "-format", "%[channels]", path) == "cmyka"  # its name for a fifth channel


def test_the_names_of_spots_are_those_of_photoshops_resources(tmp_path: Path) -> None:
    told = print_readers.run("exiftool", "-AlphaChannelsNames", written(tmp_path / "a.tif", spots=("White", "Matt")))
    assert told.split(":")[1].split(",") == [" White", " Matt\n"]


def test_cmyk_without_spots_keeps_its_alpha(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif", icc=b"a profile")
    told = print_readers.run("tiffinfo", path)
    assert "Extra Samples: 1<unassoc-alpha>" in told
    assert "ICC Profile: <present>, 9 bytes" in told
    assert np.array_equal(print_readers.vips(path, (777, 700, 5)), INKS[..., :5])
