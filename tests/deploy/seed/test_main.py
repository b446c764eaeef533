"""The sample shop goes into the database that it is given."""

import os
import re
import shutil
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
    assert done.stdout.startswith("7 products of the sample shop added, and 5 with 100 orders for load tests in ")
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select count(*) from products").fetchone() == (12,)


def test_only_an_empty_database_is_filled_by_itself(database_url: str) -> None:
    said = [_seed("--if-empty", DATABASE_URL=database_url).stdout for _ in range(2)]
    assert [words.splitlines()[-1].split()[0] for words in said] == ["7", "0"]  # slow statements are logged before


def test_a_scale_that_is_no_number_is_refused(database_url: str) -> None:
    done = _seed("lots", DATABASE_URL=database_url)
    assert (done.returncode, done.stderr) == (1, "SCALE must be a number of orders, such as 200000, and is lots\n")


def test_the_image_of_the_api_has_all_that_it_needs(database_url: str, tmp_path: Path) -> None:
    dockerfile = (ROOT / "services" / "api" / "Dockerfile").read_text()
    for line in re.findall(r"^COPY ((?:deploy|shared)\S* .*)$", dockerfile, re.MULTILINE):
        *sources, target = line.split()
        for source in sources:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, tmp_path / target)
            else:
                (tmp_path / target).mkdir(exist_ok=True)
                shutil.copy(ROOT / source, tmp_path / target)
    done = subprocess.run(
        [sys.executable, "-m", "deploy.seed"],
        cwd=tmp_path,
        env={"DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "7 products of the sample shop added" in done.stdout
    assert "!deploy/seed\n" in (ROOT / ".dockerignore").read_text()
