"""The storage migration, killed again and again, finishes and reports what it could not copy."""

import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
import psycopg
import pytest

from deploy.migrate_storage import __main__ as migrate
from deploy.migrate_storage.rewriting import AT_ONCE
from shared import settings
from tests.chaos.conftest import Note
from tests.shared import buckets

OLD, NEW = "https://old.example/public/pictures", "https://new.example"
ODD_NAMES = ("été/ein Bild mit Leerzeichen.png", "a+b=c&d.png", "100%.png", "deep/er/and/deeper.png")


@dataclass(frozen=True, slots=True)
class House:
    """An old bucket with objects, a new one, and a database with their addresses."""

    old: settings.Storage
    new: settings.Storage
    files: Path
    database_url: str
    ledger: Path
    keys: list[str]

    def environment(self) -> dict[str, str]:
        known = {"DATABASE_URL": self.database_url}
        for given, names in ((self.old, "OLD_S3_"), (self.new, "R2_")):
            assert given.secret_access_key
            known |= {
                f"{names}ENDPOINT": given.endpoint or "",
                f"{names}ACCESS_KEY_ID": given.access_key_id or "",
                f"{names}SECRET_ACCESS_KEY": given.secret_access_key.get_secret_value(),
                f"{names}BUCKET_NAME": given.bucket or "",
            }
        return known

    def start(self, *command: str) -> "subprocess.Popen[bytes]":
        arguments = [sys.executable, "-m", "deploy.migrate_storage", "--ledger", str(self.ledger), "--workers", "4"]
        environment, nowhere = os.environ | self.environment(), subprocess.DEVNULL
        return subprocess.Popen([*arguments, *command], env=environment, stdout=nowhere, stderr=nowhere)

    def run(self, *command: str) -> int:
        return migrate.main(["--ledger", str(self.ledger), *command])

    def copied(self) -> int:
        return self.ledger.read_bytes().count(b'"what": "copied"') if self.ledger.exists() else 0

    def rows(self) -> list[tuple[int, str, dict[str, str]]]:
        with psycopg.connect(self.database_url) as connection:
            return connection.execute("select id, url, extra from pictures order by id").fetchall()

    def moves(self) -> list[int]:
        """Return how often each row was rewritten."""
        with psycopg.connect(self.database_url) as connection:
            found = connection.execute(
                "select (select count(*) from url_moves where row_key = pictures.id::text and column_name = name)::int "
                "from pictures, unnest(array['url', 'extra']) name order by name desc, pictures.id"
            )
            return [row[0] for row in found.fetchall()]


@pytest.fixture
def house(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    chance = random.Random(5)
    keys = sorted([*ODD_NAMES, *(f"{number % 7}/{number:05}.png" for number in range(1996))])
    with buckets.rclone(tmp_path / "rclone") as old, buckets.moto() as new:
        files = tmp_path / "rclone" / "root" / buckets.BUCKET
        for key in keys:
            (files / key).parent.mkdir(parents=True, exist_ok=True)
            (files / key).write_bytes(chance.randbytes(chance.randrange(1, 20_000)))
        with psycopg.connect(database_url) as connection:
            connection.execute("create table pictures (id integer primary key, url text, extra jsonb)")
            for number, key in enumerate(keys):
                url = f"{OLD}/{quote(key)}"
                extra = {"thumb": f"{url}?width=40", "page": "https://old.example/about", "twice": f"{url} {url}"}
                connection.execute("insert into pictures values (%s, %s, %s)", [number, url, json.dumps(extra)])
        made = House(old, new, files, database_url, tmp_path / "ledger.jsonl", keys)
        for name, value in made.environment().items():
            monkeypatch.setenv(name, value)
        yield made


def _kill_when(running: "subprocess.Popen[bytes]", reached: Callable[[], bool]) -> None:
    until = time.monotonic() + 300
    try:
        while not reached():
            assert running.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < until
            time.sleep(0.01)
    finally:
        running.kill()
        running.wait(10)


def _copy_killed(house: House, kills: int) -> str:
    """Kill it after each share of the objects; damage the last object after the first kill and return its key."""
    bad = house.keys[-1]
    for number in range(1, kills + 1):
        goal = len(house.keys) * number // (kills + 2)
        _kill_when(house.start("copy"), partial(lambda goal: house.copied() >= goal, goal))
        data = bytearray((house.files / bad).read_bytes())
        data[0] ^= number
        _client(house.old).put_object(Bucket=buckets.BUCKET, Key=bad, Body=bytes(data))
    return bad


def _client(given: settings.Storage) -> Any:
    assert given.secret_access_key
    secret = given.secret_access_key.get_secret_value()
    keys = {"aws_access_key_id": given.access_key_id, "aws_secret_access_key": secret}
    return boto3.client("s3", endpoint_url=given.endpoint, region_name="us-east-1", **keys)


def _rewrite_killed(house: House) -> None:
    """Kill it while its second transaction waits for a row."""
    with psycopg.connect(house.database_url) as somebody:
        somebody.execute("select from pictures where id = %s for update", [AT_ONCE + 20])
        running = house.start("rewrite", "--from", OLD, "--to", NEW, "--column", "pictures.url")
        _kill_when(running, lambda: sum(row[1].startswith(NEW) for row in house.rows()) == AT_ONCE)


@pytest.mark.usefixtures("only_long")
def test_the_migration_finishes_after_repeated_kills(
    house: House, note: Note, capsys: pytest.CaptureFixture[str]
) -> None:
    before = house.rows()
    assert house.run("copy", "--dry-run") == 1
    assert not _client(house.new).list_objects_v2(Bucket=buckets.BUCKET).get("Contents")
    bad = _copy_killed(house, kills=5)
    at_last_kill = house.copied()
    assert house.run("copy") == 1
    assert house.run("verify") == 1
    said = capsys.readouterr().out
    assert f"changed in the old bucket since it was first listed: {bad}" in said
    assert re.search(rf"not copied: {bad}: damaged: MD5 \w+, \d+ bytes; listed as", said)
    note("objects", f"{len(house.keys)}, of which {at_last_kill} were copied at the last kill")

    target = _client(house.new)
    for key in house.keys[:-1]:
        assert target.get_object(Bucket=buckets.BUCKET, Key=key)["Body"].read() == (house.files / key).read_bytes()
    with pytest.raises(target.exceptions.NoSuchKey):
        target.get_object(Bucket=buckets.BUCKET, Key=bad)

    _rewrite_killed(house)
    rewrite = ("rewrite", "--from", OLD, "--to", NEW, "--column", "pictures.url", "--column", "pictures.extra")
    for _ in range(2):  # a repetition changes nothing
        assert house.run(*rewrite) == 1
        for (_, url, extra), (_, old_url, old_extra) in zip(house.rows()[:-1], before[:-1], strict=True):
            assert url == old_url.replace(OLD, NEW)
            assert extra == {name: value.replace(OLD, NEW) for name, value in old_extra.items()}
        assert house.rows()[-1] == before[-1]
        assert house.moves() == [*[1] * (len(house.keys) - 1), 0] * 2
    assert f"URL left as it was: {bad}: damaged" in capsys.readouterr().out

    assert house.run("rollback") == 1  # the damaged one is still missing
    assert house.rows() == before
