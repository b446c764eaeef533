"""Profiles of printers: those that lead to CMYK are known by name, every other file of that kind is refused."""

import hashlib
from pathlib import Path

import pytest
from PIL import ImageCms

from shared import settings
from shared.images import press_profiles
from shared.images.press_profiles import Profiles

OWN = press_profiles.own()
SHA256 = hashlib.sha256(OWN).hexdigest()


def test_profiles_are_known_by_their_file_names(tmp_path: Path) -> None:
    for name in ("dtf.icc", "Coated paper.ICM"):
        (tmp_path / name).write_bytes(OWN)
    (tmp_path / "readme.txt").write_text("not a profile")
    found = Profiles.read(tmp_path)
    assert found.digests == {"dtf": SHA256, "Coated paper": SHA256}
    assert found.find(SHA256) == OWN
    assert found.find("0" * 64) is None


def test_a_file_that_changed_or_went_is_not_taken_for_the_profile(tmp_path: Path) -> None:
    (tmp_path / "dtf.icc").write_bytes(OWN)
    found = Profiles.read(tmp_path)
    (tmp_path / "dtf.icc").write_bytes(OWN + b"x")
    assert found.find(SHA256) is None
    (tmp_path / "dtf.icc").unlink()
    assert found.find(SHA256) is None


def test_without_a_folder_there_are_none(tmp_path: Path) -> None:
    found = Profiles.read(tmp_path / "profiles")
    assert found.digests == {}
    assert found.find(SHA256) is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty or larger than 8 MB"),
        (b"x" * 200, "no ICC profile"),
        (ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), "no profile of a CMYK printer"),
        (OWN[:16] + b"RGB " + OWN[20:], "no profile of a CMYK printer"),
        (OWN[:400], "cannot be used"),
        (bytes(9 << 20), "empty or larger than 8 MB"),
    ],
)
def test_another_file_is_refused_by_name(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "printer.icc").write_bytes(data)
    with pytest.raises(settings.Invalid, match=f"printer.icc .*{words}"):
        Profiles.read(tmp_path)
