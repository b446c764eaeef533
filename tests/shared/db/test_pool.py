"""Transactions are atomic and end in bounded time; every loss of the database is the same error."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice

import psycopg
import pytest
from prometheus_client import REGISTRY
from psycopg import sql

from shared import errors, timeouts
from shared.db import pool
from shared.db.pool import Database

WAIT_S = 30  # a safety limit; nothing below takes this long


@pytest.fixture
def table(database: Database) -> Database:
    with database.transaction() as connection:
        connection.execute("create table numbers (number integer primary key)")
    return database


def numbers(database: Database) -> list[int]:
    with database.transaction() as connection:
        return [row["number"] for row in connection.execute("select number from numbers order by 1").fetchall()]


def add(connection: pool.Connection, number: int) -> None:
    connection.execute("insert into numbers values (%s)", [number])


def test_a_transaction_is_committed_at_its_end(table: Database) -> None:
    with table.transaction() as connection:
        add(connection, 1)
        assert numbers(table) == []
    assert numbers(table) == [1]


@pytest.mark.parametrize("error", [LookupError, errors.NotFound, KeyboardInterrupt])
def test_an_error_rolls_the_transaction_back_and_passes_unchanged(table: Database, error: type[BaseException]) -> None:
    def work() -> None:
        with table.transaction() as connection:
            add(connection, 1)
            raise error

    with pytest.raises(error):
        work()
    assert numbers(table) == []


def test_a_wrong_statement_is_not_reported_as_unavailable(table: Database) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation), table.transaction() as connection:
        connection.execute("insert into numbers values (1), (1)")
    with pytest.raises(psycopg.errors.SyntaxError), table.transaction() as connection:
        connection.execute("not a statement")
    assert numbers(table) == []


def test_an_unreachable_database_is_unavailable_soon(free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeouts, "POOL_WAIT_S", 0.2)
    database = Database(f"postgresql://user:password@127.0.0.1:{free_port}/name")
    database.open()
    start = time.monotonic()
    with pytest.raises(errors.Unavailable) as caught, database.transaction():
        pytest.fail("there is nothing to talk to")
    assert time.monotonic() - start < 5
    assert caught.value.retry_after_s == 2
    assert "password" not in caught.value.public
    database.close()


def sever(database_url: str) -> None:
    """Ends every other connection to the database."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity "  # waits until it has ended
            "where datname = current_database() and pid <> pg_backend_pid()"
        )


def test_a_connection_lost_inside_a_transaction_is_unavailable_and_nothing_is_kept(
    table: Database, database_url: str
) -> None:
    def work() -> None:
        with table.transaction() as connection:
            add(connection, 1)
            sever(database_url)
            add(connection, 2)

    with pytest.raises(errors.Unavailable):
        work()
    assert numbers(table) == []


def test_a_connection_lost_between_transactions_is_not_noticed(table: Database, database_url: str) -> None:
    sever(database_url)
    assert numbers(table) == []


def test_a_database_that_comes_back_is_used_again(table: Database, database_url: str) -> None:
    server, _, name = database_url.rpartition("/")
    allow = sql.SQL("alter database {} allow_connections {}")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        with pytest.raises(errors.Unavailable):
            numbers(table)
        connection.execute(allow.format(sql.Identifier(name), sql.SQL("true")))
    until = time.monotonic() + WAIT_S
    while True:
        try:
            assert numbers(table) == []
            return
        except errors.Unavailable:
            assert time.monotonic() < until


def test_a_statement_that_takes_too_long_is_unavailable(database_url: str) -> None:
    database = Database(database_url, statement_s=0.1)
    database.open()
    with pytest.raises(errors.Unavailable) as caught, database.transaction() as connection:
        connection.execute("select pg_sleep(20)")
    assert isinstance(caught.value.__cause__, psycopg.errors.QueryCanceled)
    with database.transaction() as connection:
        assert connection.execute("select 1 as one").fetchone() == {"one": 1}
    database.close()


@contextmanager
def frozen(connection: pool.Connection) -> Iterator[None]:
    """The server process of the connection hangs: the connection stays open and silent, for a limited time."""
    pid = connection.info.backend_pid
    thaw = threading.Timer(15, os.kill, (pid, signal.SIGCONT))
    thaw.start()
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        thaw.cancel()
        os.kill(pid, signal.SIGCONT)


def test_a_silent_server_times_out_on_our_side(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeouts, "SILENCE_S", 0.2)
    database = Database(database_url, statement_s=0.2)
    database.open()

    def ask(connection: pool.Connection) -> None:
        with frozen(connection):
            connection.execute("select 1")

    start = time.monotonic()
    with pytest.raises(errors.Unavailable), database.transaction() as connection:
        ask(connection)
    assert time.monotonic() - start < 10
    with database.transaction() as connection:
        assert connection.execute("select 1 as one").fetchone() == {"one": 1}
    database.close()


def test_a_connection_that_became_silent_in_the_pool_is_replaced(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeouts, "SILENCE_S", 0.2)
    monkeypatch.setattr(pool, "FRESH_S", 0.0)  # as if it had been used long ago
    database = Database(database_url, pool_max=2, statement_s=30)  # a statement may be that slow, a check may not
    database.open()
    with database.transaction() as connection:
        first = connection.info.backend_pid
        freeze = frozen(connection)
    with freeze, database.transaction() as connection:
        assert connection.info.backend_pid != first
    database.close()


def test_the_time_limits_end_with_the_transaction(database_url: str) -> None:
    """Behind a transaction pooler another client may use this connection next."""
    database = Database(database_url, statement_s=7)
    database.open()
    with database.transaction() as connection:
        assert connection.execute("show statement_timeout").fetchone() == {"statement_timeout": "7s"}
        assert connection.execute("show lock_timeout").fetchone() == {"lock_timeout": "2s"}
        connection.commit()
        assert connection.execute("show statement_timeout").fetchone() == {"statement_timeout": "0"}
        assert connection.execute("show lock_timeout").fetchone() == {"lock_timeout": "0"}
    database.close()


def test_a_caller_of_a_full_pool_waits_and_is_refused(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeouts, "POOL_WAIT_S", 0.3)
    database = Database(database_url, pool_max=2)
    database.open()
    start = time.monotonic()
    with database.transaction(), database.transaction():
        with pytest.raises(errors.Unavailable), database.transaction():
            pytest.fail("there are only two")
        assert time.monotonic() - start > 0.3
    with database.transaction():
        pass
    database.close()


def test_a_waiting_caller_gets_the_next_free_connection(database_url: str) -> None:
    database = Database(database_url, pool_max=2)
    database.open()

    def work(_: int) -> int:
        with database.transaction() as connection:
            row = connection.execute("select pg_sleep(0.01), 1 as one").fetchone()
            return int(row["one"]) if row else 0

    with ThreadPoolExecutor(20) as workers:
        assert sum(workers.map(work, range(60))) == 60
    database.close()


def test_health_reports_the_pool(database: Database) -> None:
    with database.transaction():
        told = database.check()
        pool = database.stats()
    assert told.keys() == {"pool"}
    assert pool["idle"] < pool["total"], pool  # ours is in use; the pool may grow meanwhile
    assert pool["waiting"] == 0
    assert REGISTRY.get_sample_value("stolentee_database_pool_connections", {"state": "total"}) == pool["total"]


def test_health_reports_a_lost_database_within_about_a_second(free_port: int) -> None:
    database = Database(f"postgresql://user:password@127.0.0.1:{free_port}/name")
    database.open()
    start = time.monotonic()
    with pytest.raises(psycopg.OperationalError):
        database.check()
    assert time.monotonic() - start < 5
    database.close()


def test_every_statement_is_measured(database: Database) -> None:
    def count() -> float:
        return REGISTRY.get_sample_value("stolentee_database_query_seconds_count") or 0.0

    with database.transaction() as connection:
        before = count()
        connection.execute("select 1")
        assert count() == before + 1
        with pytest.raises(psycopg.errors.SyntaxError):
            connection.execute("nonsense")
        assert count() == before + 2
        connection.rollback()


@pytest.mark.parametrize(("durable", "waits"), [(True, "on"), (False, "off")])
def test_only_durable_commits_wait_for_the_disk(database: Database, durable: bool, waits: str) -> None:
    with database.transaction(durable=durable) as connection:
        row = connection.execute("select current_setting('synchronous_commit') as waits").fetchone()
    assert row == {"waits": waits}


def test_nothing_is_prepared_on_the_server(database: Database) -> None:
    """A transaction pooler may run the next statement on another connection, which lacks prepared statements."""
    with database.transaction() as connection:
        for _ in range(20):
            connection.execute("select %s::int", [1])
        row = connection.execute("select count(*) as prepared from pg_prepared_statements").fetchone()
    assert row == {"prepared": 0}


def test_notifications_start_with_an_empty_one_and_then_deliver_payloads(database_url: str) -> None:
    told = pool.notifications(database_url, "news")
    assert next(told) is None
    with psycopg.connect(database_url, autocommit=True) as connection:
        for text in ("one", "two", "elsewhere", "three"):
            connection.execute("select pg_notify(%s, %s)", ["other" if text == "elsewhere" else "news", text])
    assert list(islice((text for text in told if text), 3)) == ["one", "two", "three"]
    assert next(told) is None  # a second of silence
    told.close()  # type: ignore[attr-defined]
