"""`make key` takes the database it is given, and says what to do where no system runs."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg

from deploy.local.data_folder import locked
from tests.deploy.local.processes import running_with

ROOT = Path(__file__).parents[3]


def _key(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy.local.key", *arguments]
    outer = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "PUBLIC_URL")}
    return subprocess.run(
        command, cwd=ROOT, env=outer | environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_given_database_gets_the_key(database_url: str) -> None:
    done = _key("-the shop's", "admin", DATABASE_URL=database_url, PUBLIC_URL="https://shop.example")
    assert done.returncode == 0, done.stderr
    assert f"curl -H 'X-Api-Key: {done.stdout.strip()}' https://shop.example/api/admin/jobs\n" in done.stderr
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select name, scope from api_keys").fetchall() == [("-the shop's", "admin")]


def test_the_public_address_of_the_running_system_is_named(tmp_path: Path, database_url: str) -> None:
    with running_with(tmp_path, DATABASE_URL=database_url, PUBLIC_URL="https://shop.example"):
        done = _key("shop", "admin", DATA_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("A key of `make run` at http://127.0.0.1:")
    assert " https://shop.example/api/cutouts\n" in done.stderr
    assert "localhost" not in done.stderr


def test_without_a_system_it_says_how_to_start_one(tmp_path: Path) -> None:
    done = _key("shop", "admin", DATA_DIR=str(tmp_path / "data"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        f"No system is running with its data in {tmp_path / 'data'}, nor in containers. Start"
    )
    assert not (tmp_path / "data").exists()


def test_while_postgres_starts_it_asks_for_patience(tmp_path: Path) -> None:
    with locked(tmp_path):
        done = _key("shop", "admin", DATA_DIR=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Postgres is still starting; try again in a moment\n"


def test_a_given_port_where_another_system_runs_is_refused(tmp_path: Path, database_url: str) -> None:
    with running_with(tmp_path, DATABASE_URL=database_url, PORT="8010"):
        done = _key("shop", "admin", DATA_DIR=str(tmp_path), PORT="8011")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("No system is running at PORT 8011 with its data in")
