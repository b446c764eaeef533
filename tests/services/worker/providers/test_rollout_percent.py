"""The rollout percentage as a worker sees it: fresh within seconds, and known while Postgres is away."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from services.worker.providers.provider_order import FRESH_S, RolloutPercent
from shared.db import rollout
from shared.db.pool import Database


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets seconds pass at once."""
    ahead, real = [0.0], time.monotonic
    monkeypatch.setattr("services.worker.providers.provider_order.time.monotonic", lambda: real() + ahead[0])

    def pass_by(seconds: float) -> None:
        ahead[0] += seconds

    return pass_by


def _put(database: Database, value: int) -> None:
    with database.transaction() as connection:
        rollout.put(connection, value, "tests")


def test_a_change_works_well_within_the_promised_minute() -> None:
    assert FRESH_S <= 30


def test_the_default_rules_until_an_operator_decides(database: Database, wait: Callable[[float], None]) -> None:
    asked = RolloutPercent(database, 40)
    assert asked() == 40
    _put(database, 0)
    wait(FRESH_S + 0.1)
    assert asked() == 0


def test_a_change_is_seen_after_a_while_and_postgres_is_not_asked_each_time(
    database: Database, wait: Callable[[float], None]
) -> None:
    _put(database, 10)
    asked = RolloutPercent(database, 100)
    assert asked() == 10
    _put(database, 25)
    wait(FRESH_S - 1)
    assert asked() == 10
    wait(1.1)
    assert asked() == 25


def test_without_postgres_the_last_known_one_rules(
    database: Database, wait: Callable[[float], None], lose_database: Callable[[], None]
) -> None:
    _put(database, 10)
    asked = RolloutPercent(database, 100)
    assert asked() == 10
    database._pool.timeout = 0.1
    lose_database()
    wait(FRESH_S + 1)
    assert asked() == 10
    assert asked() == 10  # at once: no caller waits for Postgres a second time


def test_a_job_does_not_wait_while_another_asks(
    database: Database, wait: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(database, 10)
    asked = RolloutPercent(database, 100)
    asked()
    wait(FRESH_S + 1)
    inside, leave = threading.Event(), threading.Event()
    real = rollout.current

    def slowly(connection: object) -> int | None:
        inside.set()
        leave.wait(10)
        return real(connection)  # type: ignore[arg-type]

    monkeypatch.setattr(rollout, "current", slowly)
    thread = threading.Thread(target=asked)
    thread.start()
    assert inside.wait(10)
    assert asked() == 10
    leave.set()
    thread.join()


def test_a_change_reaches_another_process(database: Database, database_url: str) -> None:
    program = """
import sys, time
from services.worker.providers import provider_order
from shared import log
from shared.db.pool import Database
log.setup("worker", stream=sys.stderr)
provider_order.FRESH_S = 0.05
database = Database(sys.argv[1]); database.open()
asked = provider_order.RolloutPercent(database, 100)
print(asked(), flush=True)
until = time.monotonic() + 20
while asked() == 100 and time.monotonic() < until:
    time.sleep(0.02)
print(asked(), flush=True)
database.close()
"""
    command = [sys.executable, "-c", program, database_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "100"
        _put(database, 25)
        assert process.stdout.readline().strip() == "25"
    assert process.returncode == 0
