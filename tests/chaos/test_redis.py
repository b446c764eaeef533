"""Redis may die, lose data, hang, fill up or lie: pictures are still accepted, and every job runs."""

import contextlib
import signal
import time
from collections.abc import Iterator

import pytest

from deploy.local.service import health
from deploy.local.supervisor import await_ready
from tests.chaos.conftest import Note
from tests.chaos.crowd import Crowd
from tests.chaos.settled import assert_settled, await_true
from tests.chaos.system import System

BACK_S = 60.0  # everything settles within this after Redis is back


@pytest.mark.usefixtures("only_long")
def test_a_kill_that_loses_all_data(system: System, crowd: Crowd, note: Note) -> None:
    crowd.send_many(11)
    system.kill(system.redis)
    crowd.send_many(10)
    assert crowd.slowest_s < 2
    system.restart(system.redis)
    await_ready(system.redis)
    note("settled after its return in s", round(assert_settled(system, crowd, BACK_S), 1))


def test_a_flush(system: System, crowd: Crowd, note: Note) -> None:
    with system.broker() as client:
        for _ in range(4):
            crowd.send_many(5)
            client.flushall()
    note("settled in s", round(assert_settled(system, crowd, BACK_S), 1))


def test_a_silent_redis(system: System, crowd: Crowd, note: Note) -> None:
    """A server that holds connections silently must not hold requests."""
    with frozen(system):
        crowd.send_many(4, at_once=2)
        assert health(system.services[0].port) == 200
        note("slowest answer in s", round(crowd.slowest_s, 2))
        assert crowd.slowest_s < 10  # one second for Redis, the rest for a busy machine
    assert crowd.statuses == {202: 4}
    assert_settled(system, crowd, BACK_S)


def test_a_full_redis(system: System, crowd: Crowd, note: Note) -> None:
    with system.broker() as client:
        before = client.config_get("maxmemory")["maxmemory"]
        client.config_set("maxmemory", 1)
        try:
            crowd.send_many(4)
            assert crowd.statuses == {202: 4}
            for _ in range(2):  # it answers questions, so only a wake-up that it takes may clear the fault
                system.stack.eventually_ready("degraded", "redis", "down")
                time.sleep(2.1)
            took_s = await_true(lambda: _done(system, crowd) == 4, 30, lambda: f"{_done(system, crowd)} of 4 are done")
            note("done without Redis after s", round(took_s, 1))
            system.stack.eventually_ready("degraded", "redis", "down")
        finally:
            client.config_set("maxmemory", before)
    assert_settled(system, crowd, BACK_S)


def _done(system: System, crowd: Crowd) -> int:
    with system.database() as connection:
        rows = connection.execute("select id from jobs where status = 'done' and id = any(%s)", [crowd.accepted])
        return len(rows.fetchall())


@pytest.mark.parametrize("policy", ["allkeys-lru"])
def test_a_worker_refuses_a_redis_that_evicts_keys(system: System, policy: str) -> None:
    with system.broker() as client:
        client.config_set("maxmemory-policy", policy)
        try:
            worker = system.another("worker")
            await_true(lambda: worker.exit_code() is not None, 15, lambda: "it runs")
            assert worker.exit_code() != 0
            worker.kill()
        finally:
            client.config_set("maxmemory-policy", "noeviction")
    assert f"maxmemory-policy {policy}" in system.stack.log.read_text()


@pytest.mark.usefixtures("only_long")
def test_connections_killed_and_reset(system: System, crowd: Crowd, note: Note) -> None:
    slowest_s = 0.0
    with system.broker() as client:
        for _ in range(20):
            client.client_kill_filter(_type="normal", skipme=True)
            system.to_redis.reset()
            began = time.monotonic()
            crowd.send()
            assert_settled(system, crowd, 10)
            slowest_s = max(slowest_s, time.monotonic() - began)
    note("a new job done in s, at most", round(slowest_s, 1))


def test_a_wrong_password_is_reported_and_survived(system: System, crowd: Crowd) -> None:
    with system.broker() as client:
        password = client.config_get("requirepass")["requirepass"]
        client.config_set("requirepass", "another")
        client.client_kill_filter(_type="normal", skipme=True)
        crowd.send_many(2)
        crowd.send_many(2)
        assert crowd.statuses == {202: 4}
        client.config_set("requirepass", password)
    assert_settled(system, crowd, BACK_S)


@pytest.mark.usefixtures("only_long")
def test_a_read_only_redis_after_a_failover(system: System, crowd: Crowd) -> None:
    with system.broker() as client:
        client.replicaof("127.0.0.1", 1)
        try:
            crowd.send_many(4)
            assert crowd.statuses == {202: 4}
        finally:
            client.replicaof("no", "one")
    assert_settled(system, crowd, BACK_S)


@contextlib.contextmanager
def frozen(system: System) -> Iterator[None]:
    system.redis.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        system.redis.signal(signal.SIGCONT)
