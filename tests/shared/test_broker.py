"""A wake-up is sent at most once and at once, and a failure never harms the sender."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import redis
from celery import Celery
from kombu.transport import redis as transport
from prometheus_client import REGISTRY

from deploy.local.valkey_server import Valkey
from shared import broker, errors
from shared.broker import Waker
from shared.db import ids
from shared.models.job import Queue

SOON_S = 3  # the longest a caller may wait for a broker that is down


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture
def silent_url() -> Iterator[str]:
    """A server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def wake(waker: Waker) -> bool:
    start = time.monotonic()
    heard = waker.wake(ids.new(), Queue.CUTOUTS)
    assert time.monotonic() - start < SOON_S
    return heard


def told(client: redis.Redis, name: str) -> int:
    """A statistic that Redis reports about itself."""
    figures: Any = client.info()
    return int(figures[name])


def test_a_wake_up_is_one_message_in_one_list(redis_url: str, client: redis.Redis) -> None:
    assert wake(Waker(redis_url))
    assert client.llen("jobs") == 1
    lists = [key for key in client.scan_iter("*") if client.type(key) == "list"]
    assert lists == ["jobs"]


def test_a_message_carries_the_task_and_the_id_and_nothing_of_the_job(redis_url: str, client: redis.Redis) -> None:
    job_id = ids.new()
    Waker(redis_url).wake(job_id, Queue.CUTOUTS)
    messages: Any = client.lrange("jobs", 0, -1)
    message = json.loads(messages[0])
    assert message["headers"]["task"] == broker.RUN_NEXT
    assert message["headers"]["argsrepr"] == f"['{job_id}']"
    assert len(json.dumps(message)) < 2000


def test_a_wake_up_takes_few_commands(redis_url: str, client: redis.Redis) -> None:
    waker = Waker(redis_url)
    wake(waker)  # connects and declares the queue
    before = told(client, "total_commands_processed")
    for _ in range(10):
        assert wake(waker)
    after = told(client, "total_commands_processed")
    assert after - before <= 10 + 2  # and these two INFO commands


def test_waiting_wake_ups_are_counted(redis_url: str) -> None:
    waker = Waker(redis_url)
    assert waker.waiting(Queue.CUTOUTS) == 0
    for _ in range(3):
        wake(waker)
    assert waker.waiting(Queue.CUTOUTS) == 3


def test_a_caller_does_not_wait_for_a_dead_broker(free_port: int) -> None:
    waker = Waker(f"redis://127.0.0.1:{free_port}/0")
    assert not wake(waker)
    with pytest.raises(errors.Unavailable):
        waker.waiting(Queue.CUTOUTS)


def test_a_caller_does_not_wait_for_a_silent_broker(silent_url: str) -> None:
    waker = Waker(silent_url)
    assert not wake(waker)
    start = time.monotonic()
    with pytest.raises(errors.Unavailable):
        waker.waiting(Queue.CUTOUTS)
    assert time.monotonic() - start < SOON_S


def test_a_broker_that_stops_answering_is_abandoned_and_used_again_later(redis_server: Valkey, redis_url: str) -> None:
    waker = Waker(redis_url)
    assert wake(waker)
    redis_server.signal(signal.SIGSTOP)
    try:
        assert not wake(waker)
    finally:
        redis_server.signal(signal.SIGCONT)
    assert wake(waker)


def test_a_broken_connection_is_replaced(redis_url: str, client: redis.Redis) -> None:
    waker = Waker(redis_url)
    assert wake(waker)
    client.client_kill_filter(_type="normal", skipme=True)
    wake(waker)  # whether this one arrives depends on which side notices first
    assert wake(waker)


def test_a_wake_up_is_not_sent_to_a_full_broker_or_with_a_wrong_password(redis_url: str, client: redis.Redis) -> None:
    waker = Waker(redis_url)
    client.config_set("maxmemory", 1)
    try:
        assert not wake(waker)
    finally:
        client.config_set("maxmemory", 0)
    assert wake(waker)
    stranger = Waker(f"redis://:guess@{redis_url.partition('@')[2]}")
    assert not wake(stranger)
    with pytest.raises(errors.Unavailable):
        stranger.waiting(Queue.CUTOUTS)


def test_health_reports_the_last_wake_up_and_sends_no_command(
    redis_url: str, client: redis.Redis, free_port: int
) -> None:
    heard, unheard = Waker(redis_url), Waker(f"redis://127.0.0.1:{free_port}/0")
    with pytest.raises(ConnectionRefusedError):  # no worker consumes, whatever was sent
        unheard.check()
    wake(heard)
    wake(unheard)
    before = told(client, "total_commands_processed")
    assert heard.check() == {}
    assert told(client, "total_commands_processed") == before + 1  # this one
    with pytest.raises(ConnectionRefusedError):
        unheard.check()


def test_a_broker_that_refuses_wake_ups_is_down_until_it_takes_one(redis_url: str, client: redis.Redis) -> None:
    waker = Waker(redis_url)
    client.config_set("maxmemory", 1)
    try:
        assert not wake(waker)
        for _ in range(2):
            with pytest.raises(errors.Unavailable):
                waker.check()
        assert waker.waiting(Queue.CUTOUTS) == 0  # it answers all the same
    finally:
        client.config_set("maxmemory", 0)
    assert waker.check() == {}
    assert waker.waiting(Queue.CUTOUTS) == 1
    before = told(client, "total_commands_processed")
    assert waker.check() == {}
    assert told(client, "total_commands_processed") == before + 1  # this one


def test_wake_ups_are_counted_by_outcome(redis_url: str, free_port: int) -> None:
    def count(outcome: str) -> float:
        return REGISTRY.get_sample_value("stolentee_wake_ups_total", {"outcome": outcome}) or 0.0

    sent, failed = count("rung"), count("failed")
    wake(Waker(redis_url))
    wake(Waker(f"redis://127.0.0.1:{free_port}/0"))
    assert (count("rung"), count("failed")) == (sent + 1, failed + 1)


def test_building_a_waker_connects_to_nothing(client: redis.Redis, redis_url: str) -> None:
    before = told(client, "total_connections_received")
    Waker(redis_url)
    assert told(client, "total_connections_received") == before


AS_ON_MACOS = """
import socket
del socket.TCP_KEEPIDLE
socket.TCP_KEEPALIVE = 16
from shared import broker
from shared.models.job import Queue
print(sorted(broker.worker_settings("redis://", 1, [])["broker_transport_options"]["socket_keepalive_options"].items()))
"""


@pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="all tests run as this one pretends")
def test_keepalive_is_set_where_the_socket_option_has_another_name() -> None:
    done = subprocess.run([sys.executable, "-c", AS_ON_MACOS], capture_output=True, text=True, check=True)
    options = {16: 15, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3}
    assert done.stdout.strip() == str(sorted(options.items()))


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-random", "volatile-lru", "volatile-ttl"])
def test_a_broker_that_evicts_keys_is_refused(redis_url: str, client: redis.Redis, policy: str) -> None:
    client.config_set("maxmemory-policy", policy)
    try:
        with pytest.raises(ValueError, match=policy):
            broker.refuse_evicting(redis_url)
    finally:
        client.config_set("maxmemory-policy", "noeviction")
    broker.refuse_evicting(redis_url)


def test_a_broker_that_cannot_be_asked_is_accepted(free_port: int, silent_url: str) -> None:
    start = time.monotonic()
    broker.refuse_evicting(f"redis://127.0.0.1:{free_port}/0")
    broker.refuse_evicting(silent_url)
    assert time.monotonic() - start < 2 * SOON_S


@pytest.fixture
def listener(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Celery:
    """A worker's side of the broker; it polls so rarely that waiting for a poll to end would be noticed."""
    monkeypatch.setattr(broker, "POLL_S", 20)
    for changed in ("Channel", "connection_errors"):  # worker_settings sets them for the whole process
        monkeypatch.setattr(transport.Transport, changed, getattr(transport.Transport, changed))
    app = Celery("listener", set_as_current=False)
    app.conf.update(broker.worker_settings(redis_url, 2, [Queue.CUTOUTS]))
    return app


def drain(connection: Any, timeout_s: float) -> None:
    with suppress(TimeoutError):
        connection.drain_events(timeout=timeout_s)


def test_a_listener_receives_and_stops_at_once_despite_its_long_poll(
    listener: Celery, redis_url: str, client: redis.Redis
) -> None:
    heard: list[Any] = []
    waker = Waker(redis_url)
    start = time.monotonic()
    with listener.connection_for_read() as connection:
        consumer = listener.amqp.TaskConsumer(connection.default_channel, on_message=heard.append, no_ack=True)
        consumer.consume()
        drain(connection, 0.2)  # it now polls for up to POLL_S
        assert told(client, "blocked_clients") == 1
        wake(waker)
        drain(connection, 10)
        assert len(heard) == 1
        drain(connection, 0.2)  # and again
        assert told(client, "blocked_clients") == 1
    assert time.monotonic() - start < 15 < broker.POLL_S
    wake(waker)
    assert waker.waiting(Queue.CUTOUTS) == 1  # the stopping listener did not consume it


def test_a_listener_hears_of_all_its_queues_and_polls_them_with_one_command(
    listener: Celery, redis_url: str, client: redis.Redis
) -> None:
    listener.conf.update(broker.worker_settings(redis_url, 2, [Queue.SLOW, Queue.QUICK]))
    heard: list[Any] = []
    waker = Waker(redis_url)
    with listener.connection_for_read() as connection:
        consumer = listener.amqp.TaskConsumer(connection.default_channel, on_message=heard.append, no_ack=True)
        consumer.consume()
        drain(connection, 0.2)
        before = told(client, "total_commands_processed")
        drain(connection, 1)
        assert told(client, "total_commands_processed") == before + 1  # this one
        for count, queue in enumerate([Queue.QUICK, Queue.SLOW, Queue.QUICK], start=1):
            waker.wake(ids.new(), queue)
            drain(connection, 10)
            assert len(heard) == count
        waker.wake(ids.new(), Queue.CUTOUTS)
        drain(connection, 0.2)
    assert [waker.waiting(queue) for queue in Queue] == [1, 0, 0]


def test_a_listener_stops_at_once_even_without_help_from_redis(listener: Celery, client: redis.Redis) -> None:
    ask: Any = client.execute_command
    start = time.monotonic()
    try:
        with listener.connection_for_read() as connection:
            listener.amqp.TaskConsumer(connection.default_channel, on_message=print, no_ack=True).consume()
            drain(connection, 0.2)
            ask("ACL", "SETUSER", "default", "-client", "+client|id")  # no CLIENT UNBLOCK
        assert time.monotonic() - start < 15 < broker.POLL_S
    finally:
        ask("ACL", "SETUSER", "default", "+client")
