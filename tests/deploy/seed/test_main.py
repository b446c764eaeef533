"""`make seed`: into the database that it is given, or with a word about what is missing."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg

ROOT = Path(__file__).parents[3]


def _seed(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    outer = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    command = [sys.executable, "-m", "deploy.seed", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=outer | environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_given_database_is_filled_and_loaded(database_url: str) -> None:
    done = _seed("100", DATABASE_URL=database_url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("7 products of the sample shop added, and 5 for load tests in ")
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select count(*) from products").fetchone() == (12,)


def test_only_an_empty_database_is_filled_by_itself(database_url: str) -> None:
    said = [_seed("--if-empty", DATABASE_URL=database_url).stdout for _ in range(2)]
    assert [words.split()[0] for words in said] == ["7", "0"]


def test_without_a_system_it_says_how_to_start_one(tmp_path: Path) -> None:
    done = _seed(DATA_DIR=str(tmp_path / "data"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"No system is running with its data in {tmp_path / 'data'}: start `make run`")


def test_a_scale_that_is_no_number_is_refused(database_url: str) -> None:
    done = _seed("lots", DATABASE_URL=database_url)
    assert (done.returncode, done.stderr) == (1, "SCALE must be a number of orders, such as 200000, and is lots\n")
