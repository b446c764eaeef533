"""Overload: health and streams keep working, and refusals say so. A short form of `make bench-front`."""

import asyncio
import json
import runpy
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import requests

from bench.front import overload, users
from shared import timeouts
from tests.deploy.front import Deployment
from tests.deploy.senders import slow_senders
from tests.processes import children, lowered, nicenesses
from tests.services import pictures

THREADS = runpy.run_path(str(Path(__file__).parents[2] / "deploy/gunicorn.conf.py"))["threads"]
SOON_S = 4.0  # a thread is held for longer
USERS = 20


@contextmanager
def every_thread_held(port: int) -> Iterator[None]:
    """Every request thread waits for a body that does not arrive."""
    with slow_senders(port, heads=0, bodies=2 * THREADS):
        time.sleep(0.5)
        yield


def _exchange(connection: socket.socket, request: str) -> bytes:
    connection.settimeout(SOON_S)
    connection.sendall(request.encode())
    return connection.recv(4096)


def test_health_is_answered_on_a_connection_that_was_silent_at_first(deployment: Deployment) -> None:
    port = deployment.instances[0].port
    with every_thread_held(port), closing(socket.create_connection(("127.0.0.1", port))) as connection:
        time.sleep(0.2)  # a busy proxy connects some time before it sends
        assert _exchange(connection, "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_a_stream_needs_no_request_thread(deployment: Deployment) -> None:
    sent = requests.post(f"{deployment.address}/api/cutouts", files={"file": ("a.png", pictures.png(shade=7))})
    known = f"Authorization: Bearer {sent.headers['X-Session-Token']}"
    port = deployment.instances[0].port
    with every_thread_held(port), closing(socket.create_connection(("127.0.0.1", port))) as connection:
        answer = _exchange(connection, f"GET {sent.json()['eventsUrl']} HTTP/1.1\r\nHost: x\r\n{known}\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")


def test_slow_bodies_are_refused_in_time_and_then_hold_no_thread(deployment: Deployment) -> None:
    port = deployment.instances[0].port
    with slow_senders(port, heads=THREADS, bodies=THREADS) as slow:
        assert requests.get(f"http://127.0.0.1:{port}/api/jobs", timeout=timeouts.BODY_S + SOON_S).ok
        slow[-1].settimeout(SOON_S)
        assert slow[-1].recv(100).startswith(b"HTTP/1.1 408")


def test_request_threads_have_a_lower_priority_than_probes(deployment: Deployment) -> None:
    instance = deployment.instances[0]
    requests.get(f"http://127.0.0.1:{instance.port}/api/jobs", timeout=SOON_S)
    (child,) = children(instance.pid)
    assert set(nicenesses(child)) == {lowered(0), lowered(15)}


def test_silent_connections_are_closed(deployment: Deployment) -> None:
    with closing(socket.create_connection(("127.0.0.1", deployment.instances[0].port))) as connection:
        connection.settimeout(30)
        assert connection.recv(1) == b""


def test_three_times_the_capacity_is_refused_in_part_while_health_is_answered(deployment: Deployment) -> None:
    seen = overload.measure(deployment, seconds=3)
    print(seen.outcome, seen.health)
    assert seen.unexpected == {}
    assert set(seen.health.statuses) == {200}
    assert seen.goodput.efficiency > seen.peak.efficiency / 2  # the target of nine tenths needs an idle machine


def test_users_are_distinguished_by_their_addresses(deployment: Deployment) -> None:
    crowd = users.Crowd(deployment.front.port, USERS)
    asyncio.run(crowd.arrive())
    lines = [json.loads(line) for line in (deployment.folder / "access.log").read_text().splitlines()]
    assert crowd.failed == 0
    assert len({line["client"] for line in lines} - {"127.0.0.1"}) == USERS
