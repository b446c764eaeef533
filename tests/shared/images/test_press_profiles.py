"""Profiles of printers: those that lead to CMYK are known by name, every other file of that kind is refused."""

import hashlib
from pathlib import Path

import pytest
from PIL import ImageCms

from shared.images import press_profiles


def test_profiles_are_known_by_their_file_names(tmp_path: Path) -> None:
    for name in ("dtf.icc", "Coated paper.ICM"):
        (tmp_path / name).write_bytes(press_profiles.own())
    (tmp_path / "readme.txt").write_text("not a profile")
    sha256 = hashlib.sha256(press_profiles.own()).hexdigest()
    assert press_profiles.names(tmp_path) == {"dtf": sha256, "Coated paper": sha256}
    assert press_profiles.find(tmp_path, sha256) == press_profiles.own()
    assert press_profiles.find(tmp_path, "0" * 64) is None


def test_without_a_folder_there_are_none() -> None:
    assert press_profiles.names(None) == {}
    assert press_profiles.find(None, "0" * 64) is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no ICC profile"),
        (b"x" * 200, "no ICC profile"),
        (ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), "no profile of a CMYK printer"),
        (press_profiles.own()[:16] + b"RGB " + press_profiles.own()[20:], "no profile of a CMYK printer"),
        (press_profiles.own()[:400], "cannot be used"),
        (bytes(9 << 20), "larger than 8 MB"),
    ],
)
def test_another_file_is_refused_by_name(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "printer.icc").write_bytes(data)
    with pytest.raises(press_profiles.Unusable, match=f"printer.icc .*{words}"):
        press_profiles.names(tmp_path)
