"""The command for API keys: create, list, revoke; a key is shown once and stored as a hash."""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from services.api import keys

_ROOT = Path(__file__).parents[3]
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def process(database_url: str) -> Command:
    """Runs `python -m services.api.keys ...` against this test's database."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "services.api.keys", *arguments],
            cwd=_ROOT,
            env={**os.environ, "DATABASE_URL": database_url, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def command(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_logging: None
) -> Command:
    """The same within this process, which saves the start of an interpreter."""
    monkeypatch.setenv("DATABASE_URL", database_url)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        try:
            code = keys.main(list(arguments))
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, said.out, said.err)

    return run


def _rows(database_url: str) -> list[dict[str, object]]:
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        return connection.execute("select * from api_keys").fetchall()


def test_a_key_is_long_random_and_has_our_prefix() -> None:
    made = {keys.make() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(r"sk_[A-Za-z0-9_-]{43}", key) for key in made)


@pytest.mark.parametrize("scope", ["premium", "admin"])
def test_a_key_is_printed_once_and_only_its_hash_is_stored(process: Command, database_url: str, scope: str) -> None:
    done = process("create", "the shop", "--scope", scope)
    assert done.returncode == 0, done.stderr
    key = done.stdout.removesuffix("\n")
    assert re.fullmatch(r"sk_[A-Za-z0-9_-]{43}", key)  # and nothing else: scripts capture the output
    (row,) = _rows(database_url)
    assert (row["name"], row["scope"], row["revoked_at"]) == ("the shop", scope, None)
    assert row["hash"] == hashlib.sha256(key.encode()).hexdigest()
    assert key not in str(row)
    assert str(row["id"]) in done.stderr


@pytest.mark.parametrize(("scope", "path"), [("premium", "/api/jobs"), ("admin", "/api/admin/jobs")])
@pytest.mark.parametrize(
    ("arguments", "settings", "address"),
    [
        ([], {}, "http://localhost:8000"),
        ([], {"PORT": "9000"}, "http://localhost:9000"),
        ([], {"PUBLIC_URL": "https://shop.example"}, "https://shop.example"),
        (["--local-address", "http://localhost:8080"], {}, "http://localhost:8080"),
        (["--local-address", "http://localhost:8080"], {"PUBLIC_URL": "https://shop.example"}, "https://shop.example"),
    ],
)
def test_a_new_key_comes_with_a_command_that_uses_it(
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    scope: str,
    path: str,
    arguments: list[str],
    settings: dict[str, str],
    address: str,
) -> None:
    for name in ("PORT", "PUBLIC_URL"):
        monkeypatch.setenv(name, settings.get(name, ""))
    done = command("create", "shop", "--scope", scope, *arguments)
    key = done.stdout.strip()
    assert f"\n  curl -H 'X-Api-Key: {key}' {address}{path}\n" in done.stderr
    assert f"\n  curl -H 'X-Api-Key: {key}' -F file=@photo.jpg {address}/api/cutouts\n" in done.stderr


def test_keys_are_listed_without_the_key(command: Command, database_url: str) -> None:
    made = [command("create", name, "--scope", "premium").stdout.strip() for name in ("first", "second")]
    listed = command("list")
    assert listed.returncode == 0
    lines = listed.stdout.splitlines()
    assert [line.split()[-1] for line in lines] == ["first", "second"]
    assert all("premium" in line and "valid" in line for line in lines)
    for key in made:
        assert key not in listed.stdout
        assert hashlib.sha256(key.encode()).hexdigest() not in listed.stdout


def test_a_key_is_revoked_once_and_stays_listed(command: Command, database_url: str) -> None:
    command("create", "shop", "--scope", "admin")
    (row,) = _rows(database_url)
    first, second = command("revoke", str(row["id"])), command("revoke", str(row["id"]))
    assert (first.returncode, first.stdout) == (0, "revoked\n")
    assert (second.returncode, second.stdout, second.stderr) == (1, "", "no valid key has this id\n")
    assert "revoked" in command("list").stdout


def test_a_wrong_command_prints_its_usage_and_creates_nothing(command: Command, database_url: str) -> None:
    for arguments in (
        (),
        ("create",),
        ("create", "shop"),
        ("create", "shop", "--scope", "root"),
        ("revoke", "no-id"),
        ("forget", "x"),
    ):
        refused = command(*arguments)
        assert refused.returncode == 2
        assert refused.stdout == ""
        assert "usage:" in refused.stderr
    assert _rows(database_url) == []


def test_without_a_database_no_key_is_printed(process: Command) -> None:
    away = process("create", "shop", "--scope", "admin", DATABASE_URL="postgresql://u:p@127.0.0.1:1/n")
    assert (away.returncode, away.stdout) == (1, "")
    assert "The database is not available" in away.stderr
    assert "Traceback" not in away.stderr
    unset = process("list", DATABASE_URL="")
    assert unset.returncode != 0
    assert "DATABASE_URL" in unset.stderr + unset.stdout


def test_a_key_s_credits_are_given_listed_and_changed(command: Command, database_url: str) -> None:
    command("create", "shop", "--scope", "premium", "--credits", "50")
    (row,) = _rows(database_url)
    assert "(50 credits a month)" in command("list").stdout
    assert command("credits", str(row["id"]), "unlimited").stdout == "changed\n"
    assert [row["monthly_credits"] for row in _rows(database_url)] == [None]
    assert command("credits", str(row["id"]), "-1").returncode == 2
