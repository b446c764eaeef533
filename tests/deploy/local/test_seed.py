"""`make seed` fills the database of the running `make run`, and says what to do where no system runs."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg

from tests.deploy.local.processes import running_with

ROOT = Path(__file__).parents[3]


def _seed(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    outer = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "PORT")}
    command = [sys.executable, "-m", "deploy.local.seed", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=outer | environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_running_system_is_named_and_filled(tmp_path: Path, database_url: str) -> None:
    with running_with(tmp_path, DATABASE_URL=database_url, PORT="8010"):
        done = _seed("100", DATA_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("The sample shop of `make run` at http://127.0.0.1:8010:\n")
    assert "\n7 products of the sample shop added, and 5 with 100 orders for load tests in " in done.stdout
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select count(*) from products").fetchone() == (12,)


def test_without_a_system_it_says_how_to_start_one(tmp_path: Path) -> None:
    done = _seed(DATA_DIR=str(tmp_path / "data"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        f"No system is running with its data in {tmp_path / 'data'}, nor in containers. Start"
    )
