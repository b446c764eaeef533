"""One run at a time locks the data folder; its secret stays; root does not use a folder closed to others."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import data_folder
from deploy.local.errors import CommandError
from deploy.local.postgres_server import unprivileged

ROOT = Path(__file__).parents[3]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root's Postgres runs as another user")


def test_a_folder_that_all_may_pass_is_taken_as_it_is(open_folder: Path) -> None:
    said: list[str] = []
    asked = open_folder / "new" / "data"
    asked.parent.mkdir(mode=0o755)
    assert data_folder.prepare(asked, said.append) == asked
    assert asked.is_dir()
    assert said == []


@as_root
def test_root_steps_out_of_a_closed_folder_and_says_where_to(tmp_path: Path) -> None:
    said: list[str] = []
    tmp_path.chmod(0o700)
    try:
        settled = data_folder.prepare(tmp_path / "data", said.append)
        assert settled.parent == Path("/var/tmp")
        assert str(settled) in said[0]
        assert str(tmp_path / "data") in said[0]
        assert data_folder.prepare(tmp_path / "data", said.append) == settled
        assert data_folder.prepare(tmp_path / "other", said.append) != settled
    finally:
        for folder in set(Path("/var/tmp").glob("stolentee-????????????")):
            if str(folder) in "".join(said):
                shutil.rmtree(folder)


@as_root
def test_a_folder_that_another_user_put_there_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    settled = data_folder.prepare(tmp_path / "data", print)
    try:
        os.chown(settled, 65534, 65534)
        with pytest.raises(CommandError, match="belongs to another user"):
            data_folder.prepare(tmp_path / "data", print)
    finally:
        shutil.rmtree(settled)


def test_a_second_run_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    with (
        data_folder.locked(tmp_path),
        pytest.raises(CommandError, match=f"in use by process {os.getpid()};"),
        data_folder.locked(tmp_path),
    ):
        pytest.fail("both hold it")


def test_a_run_is_found_by_the_folder_it_was_asked_for(tmp_path: Path) -> None:
    assert data_folder.in_use(tmp_path / "new") is None
    with data_folder.locked(tmp_path):
        assert data_folder.in_use(tmp_path) == (tmp_path, os.getpid())
    assert data_folder.in_use(tmp_path) is None


@as_root
def test_a_run_that_stepped_out_of_a_closed_folder_is_found_unless_it_is_another_user_s(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    settled = data_folder.prepare(tmp_path / "data", print)
    try:
        with data_folder.locked(settled):
            assert data_folder.in_use(tmp_path / "data") == (settled, os.getpid())
            os.chown(settled, 65534, 65534)
            assert data_folder.in_use(tmp_path / "data") is None
    finally:
        shutil.rmtree(settled)


def test_a_killed_run_holds_nothing(tmp_path: Path) -> None:
    script = f"""
import os, pathlib
from deploy.local import data_folder
with data_folder.locked(pathlib.Path("{tmp_path}")):
    os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)
    with data_folder.locked(tmp_path):
        assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_the_secret_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    secret = data_folder.secret_key(tmp_path)
    assert len(secret) == 64
    assert data_folder.secret_key(tmp_path) == secret
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_what_earlier_versions_left_open_is_closed_and_files_of_others_stay(tmp_path: Path) -> None:
    theirs = tmp_path / "holiday.jpg"
    made = "objects/ab/picture lock secret_key sample-cutout.png valkey/appendonlydir/aof valkey/log"
    files = [tmp_path / name for name in f"{made} postgres/postgres.log redis/appendonly.aof".split()]
    for file in (theirs, *files):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        file.chmod(0o644)
    for server in ("postgres", "redis", "valkey"):
        (tmp_path / server).chmod(0o700)
    data_folder.tighten(tmp_path)
    ours = [path for path in tmp_path.rglob("*") if path != theirs]
    assert {path: path.stat().st_mode & 0o777 for path in ours} == {p: 0o700 if p.is_dir() else 0o600 for p in ours}
    assert theirs.stat().st_mode & 0o777 == 0o644


def test_a_new_folder_is_closed_to_everyone_whom_postgres_does_not_need(open_folder: Path) -> None:
    folder = data_folder.prepare(open_folder / "closed", print)
    user = unprivileged()
    found = folder.stat()
    assert found.st_mode & 0o777 == (0o710 if user else 0o700)
    assert not user or found.st_gid == user.gid


@as_root
@pytest.mark.parametrize("mode", [0o700, 0o711], ids=["made-by-a-service", "made-by-an-earlier-version"])
def test_a_folder_of_root_is_open_for_postgres_alone(mode: int, open_folder: Path) -> None:
    folder = open_folder / f"made-{mode:o}"
    folder.mkdir()
    folder.chmod(mode)
    assert data_folder.prepare(folder, print) == folder
    assert folder.stat().st_mode & 0o777 == 0o710
