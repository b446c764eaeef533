"""What earlier versions left readable is closed: deep, once, and without touching what belongs to others."""

import os
from pathlib import Path

import pytest

from shared import private_files


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file, a program and a nested folder, all readable for everyone."""
    folder = tmp_path / "objects"
    (folder / "ab").mkdir(parents=True)
    for path in (folder, folder / "ab"):
        path.chmod(0o755)
    for name, permissions in (("ab/picture", 0o644), ("program", 0o755), ("log", 0o666)):
        (folder / name).touch()
        (folder / name).chmod(permissions)
    return folder


def test_everything_below_a_folder_is_closed_to_others(folder: Path) -> None:
    private_files.tighten(folder)
    assert {mode(path) for path in (folder, folder / "ab", folder / "program")} == {0o700}
    assert {mode(path) for path in (folder / "ab/picture", folder / "log")} == {0o600}


def test_an_interrupted_call_is_completed_by_the_next(folder: Path) -> None:
    (folder / "ab").chmod(0o700)
    (folder / "ab/picture").chmod(0o600)
    private_files.tighten(folder)
    assert mode(folder / "log") == 0o600
    assert mode(folder) == 0o700


def test_a_closed_folder_is_not_read_again(folder: Path) -> None:
    folder.chmod(0o700)
    private_files.tighten(folder)
    assert mode(folder / "log") == 0o666


def test_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.touch()
    outside.chmod(0o644)
    (folder / "link").symlink_to(outside)
    os.mkfifo(folder / "pipe")
    private_files.tighten(folder)
    private_files.tighten(folder / "link")
    assert mode(outside) == 0o644


def test_nothing_at_all_is_fine(tmp_path: Path) -> None:
    private_files.tighten(tmp_path / "absent")
