"""Packs: those that are meant, complete, and light enough for a repository."""

from pathlib import Path

import pytest

from services.worker.mockups import packs
from shared.models.garment import GARMENTS, SIDE


@pytest.mark.parametrize("name", GARMENTS)
def test_every_garment_has_its_pack(name: str) -> None:
    pack = packs.load(GARMENTS[name])
    assert pack.cover.shape == pack.shade.shape == (SIDE, SIDE)
    left, top, right, bottom = pack.window
    assert 0 <= left < right <= SIDE
    assert 0 <= top < bottom <= SIDE
    assert pack.bare.shape == pack.area.size[::-1] == (bottom - top, right - left)


def test_packs_are_small() -> None:
    assert sum(path.stat().st_size for path in packs.FOLDER.iterdir()) < 8_000_000


def test_a_pack_that_is_not_the_one_meant_is_refused(tmp_path: Path) -> None:
    (tmp_path / "SHA256SUMS").write_text((packs.FOLDER / "SHA256SUMS").read_text())
    (tmp_path / "mug.zip").write_bytes((packs.FOLDER / "cap.zip").read_bytes())
    (tmp_path / "cap.zip").write_bytes((packs.FOLDER / "cap.zip").read_bytes())
    assert packs.verified(tmp_path / "cap.zip")
    with pytest.raises(RuntimeError, match=r"mug\.zip"):
        packs.verified(tmp_path / "mug.zip")
