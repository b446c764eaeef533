"""Migrations are applied once, in order and atomically, even if several processes try at once."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from shared.db import __main__, migrate, pool

FIRST = "create table one (id integer); insert into one values (1);"
SECOND = "alter table one add column name text;"


@pytest.fixture
def empty_url(database_url: str) -> str:
    """A database without any migration."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("drop schema public cascade")
        connection.execute("create schema public")
    return database_url


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


Write = Callable[[str, str], Path]


def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement.encode()).fetchall()


def tables(url: str) -> set[object]:
    return {name for (name,) in ask(url, "select tablename from pg_tables where schemaname = 'public'")}


def test_our_own_migrations_apply_to_an_empty_database(empty_url: str) -> None:
    names = sorted(path.name for path in migrate.FOLDER.glob("*.sql"))
    assert migrate.check(empty_url) == names
    assert migrate.migrate(empty_url) == names
    assert {"assets", "jobs", "migrations"} <= tables(empty_url)
    assert migrate.check(empty_url) == []


def test_concurrent_jobs_of_one_picture_do_not_stop_the_second_migration(empty_url: str, tmp_path: Path) -> None:
    shutil.copy(migrate.FOLDER / "0001_assets_and_jobs.sql", tmp_path)
    migrate.migrate(empty_url, tmp_path)
    with psycopg.connect(empty_url) as connection:
        connection.execute(
            """insert into jobs (id, owner_type, user_id, type, asset_id, status, attempts, fence, lease_until)
            select gen_random_uuid(), 'guest', 'ann', 'cutout', '00000000-0000-7000-8000-000000000000', 'running',
                1, 4, now() from generate_series(1, 3)"""
        )
    migrate.migrate(empty_url)
    states = ask(empty_url, "select status, attempts, fence from jobs order by status")
    assert states == [("queued", 0, 5), ("queued", 0, 5), ("running", 1, 4)]


def test_migrations_are_applied_in_the_order_of_their_numbers(empty_url: str, tmp_path: Path, write: Write) -> None:
    write("0002_second.sql", SECOND)
    write("0001_first.sql", FIRST)
    write("0003_notes.txt", "not a migration")
    write("draft.sql", "nor this")
    assert migrate.migrate(empty_url, tmp_path) == ["0001_first.sql", "0002_second.sql"]
    assert ask(empty_url, "select id, name from one") == [(1, None)]


def test_an_applied_migration_is_not_applied_again(empty_url: str, tmp_path: Path, write: Write) -> None:
    write("0001_first.sql", FIRST)
    assert migrate.migrate(empty_url, tmp_path) == ["0001_first.sql"]
    assert migrate.migrate(empty_url, tmp_path) == []
    write("0002_second.sql", SECOND)
    assert migrate.migrate(empty_url, tmp_path) == ["0002_second.sql"]
    assert len(ask(empty_url, "select * from one")) == 1


def test_a_changed_file_is_refused_and_nothing_is_applied(empty_url: str, tmp_path: Path, write: Write) -> None:
    write("0001_first.sql", FIRST)
    migrate.migrate(empty_url, tmp_path)
    write("0001_first.sql", FIRST + " -- only a comment")
    write("0002_second.sql", SECOND)
    with pytest.raises(migrate.Changed, match=r"0001_first\.sql was changed"):
        migrate.migrate(empty_url, tmp_path)
    assert ask(empty_url, "select name from migrations") == [("0001_first.sql",)]


def test_a_missing_file_is_refused(empty_url: str, tmp_path: Path, write: Write) -> None:
    gone = write("0001_first.sql", FIRST)
    write("0002_second.sql", SECOND)
    migrate.migrate(empty_url, tmp_path)
    gone.unlink()
    with pytest.raises(migrate.Changed, match=r"0001_first\.sql"):
        migrate.migrate(empty_url, tmp_path)


def test_an_older_release_starts_on_a_newer_schema(empty_url: str, tmp_path: Path, write: Write) -> None:
    write("0001_first.sql", FIRST)
    later = write("0002_second.sql", SECOND)
    migrate.migrate(empty_url, tmp_path)
    later.unlink()
    assert migrate.migrate(empty_url, tmp_path) == []
    write("0002_second.sql", SECOND)
    write("0003_third.sql", "create table three (id integer)")
    assert migrate.migrate(empty_url, tmp_path) == ["0003_third.sql"]


def test_a_failing_file_is_rolled_back_and_those_before_it_stay(empty_url: str, tmp_path: Path, write: Write) -> None:
    write("0001_first.sql", FIRST)
    write("0002_broken.sql", "create table two (id integer); select 1 / 0;")
    write("0003_third.sql", "create table three (id integer)")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate.migrate(empty_url, tmp_path)
    assert tables(empty_url) == {"migrations", "one"}
    write("0002_broken.sql", "create table two (id integer)")
    assert migrate.migrate(empty_url, tmp_path) == ["0002_broken.sql", "0003_third.sql"]


def test_a_file_and_its_record_are_committed_together(empty_url: str, tmp_path: Path, write: Write) -> None:
    write("0001_first.sql", FIRST + "insert into migrations (name, digest) values ('0001_first.sql', 'taken')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        migrate.migrate(empty_url, tmp_path)
    assert tables(empty_url) == {"migrations"}
    assert ask(empty_url, "select name from migrations") == []


def test_a_file_may_run_without_a_transaction(empty_url: str, tmp_path: Path, write: Write) -> None:
    write("0001_first.sql", FIRST)
    write("0002_index.sql", "-- no-transaction\ncreate index concurrently one_id on one (id)")
    assert migrate.migrate(empty_url, tmp_path) == ["0001_first.sql", "0002_index.sql"]
    assert ask(empty_url, "select indexname from pg_indexes where tablename = 'one'") == [("one_id",)]
    assert migrate.migrate(empty_url, tmp_path) == []


def test_a_failed_file_without_a_transaction_is_not_recorded_as_applied(
    empty_url: str, tmp_path: Path, write: Write
) -> None:
    write("0001_index.sql", "-- no-transaction\ncreate index concurrently none_id on nothing (id)")
    with pytest.raises(psycopg.errors.UndefinedTable):
        migrate.migrate(empty_url, tmp_path)
    assert ask(empty_url, "select name from migrations") == []


def test_one_of_several_racing_processes_applies_and_the_others_find_nothing_to_do(
    empty_url: str, tmp_path: Path, write: Write
) -> None:
    write("0001_first.sql", "select pg_sleep(0.2); " + FIRST)
    write("0002_second.sql", SECOND)
    with ThreadPoolExecutor(8) as racers:
        applied = list(racers.map(lambda _: migrate.migrate(empty_url, tmp_path), range(8)))
    assert sorted(applied) == [[]] * 7 + [["0001_first.sql", "0002_second.sql"]]


def test_a_migration_does_not_wait_long_for_a_lock_held_by_live_traffic(
    empty_url: str, tmp_path: Path, write: Write
) -> None:
    """A statement that waits for an exclusive lock blocks all later ones."""
    write("0001_first.sql", FIRST)
    migrate.migrate(empty_url, tmp_path)
    write("0002_slow.sql", "set local lock_timeout = '100ms'; " + SECOND)
    write("0003_shown.sql", "create table shown as select current_setting('lock_timeout') as lock_timeout")
    with psycopg.connect(empty_url) as busy:
        busy.execute("select * from one")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            migrate.migrate(empty_url, tmp_path)
    migrate.migrate(empty_url, tmp_path)
    assert ask(empty_url, "select lock_timeout from shown") == [("5s",)]


def test_the_lock_is_free_once_a_migration_has_failed(empty_url: str, tmp_path: Path, write: Write) -> None:
    write("0001_broken.sql", "nonsense")
    for _ in range(2):
        with pytest.raises(psycopg.errors.SyntaxError):
            migrate.migrate(empty_url, tmp_path)
    with pool.session(empty_url) as connection:
        row = connection.execute("select count(*) from pg_locks where locktype = 'advisory'").fetchone()
    assert row == (0,)


@pytest.fixture
def configured(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The environment behind a pooler: only the direct URL works."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/pooled")
    monkeypatch.setenv("DATABASE_DIRECT_URL", empty_url)
    return empty_url


@pytest.mark.usefixtures("configured")
def test_processes_that_race_all_succeed() -> None:
    command = [sys.executable, "-m", "shared.db", "migrate"]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [racer.communicate()[0].partition(":")[0].strip() for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0]
    assert sorted(said) == ["applied", "nothing to apply"]


@pytest.mark.usefixtures("configured")
def test_the_command_reports_what_is_missing_and_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    names = ", ".join(sorted(path.name for path in migrate.FOLDER.glob("*.sql")))
    statuses = [__main__.main([word]) for word in ("check", "migrate", "migrate", "check")]
    assert statuses == [1, 0, 0, 0]
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if " [" not in line] == [  # a thread of another test may log meanwhile
        f"missing: {names}",
        f"applied: {names}",
        "nothing to apply",
        "up to date",
    ]


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("arguments", [[], ["magic"], ["migrate", "now"]])
def test_the_command_has_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(arguments) == 2
    assert "migrate|check" in capsys.readouterr().err
