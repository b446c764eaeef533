"""Which threads serve a request, and how long a slow one may hold them."""

import contextlib
import http.client
import runpy
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import gunicorn_worker
from deploy.gunicorn_worker import TimedReads, TooSlow
from shared import timeouts
from tests.services.rembg.test_wsgi import gunicorn, listens, wait_until

CONFIG = "deploy/gunicorn.conf.py"
THREADS = runpy.run_path(str(Path(__file__).parents[2] / CONFIG))["threads"]
JOB = "/api/jobs/01a229a9-a195-722e-bc8c-cd774c44fd83/events"
END = b" HTTP/1.1\r\nHost: x\r\n\r\n"
SOON_S = 4.0  # less than any deadline of a slow request


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("served")
    with gunicorn(folder, "-c", CONFIG, app="tests.deploy.thread_wsgi:app") as (_, url):
        wait_until(lambda: listens(url))
        yield int(url.rpartition(":")[2])


@contextlib.contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), SOON_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def told(connection: socket.socket) -> str:
    """What the next response says."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.read().decode()


@pytest.mark.parametrize(
    "start",
    [
        f"GET {JOB}",
        f"GET {JOB}?after=1",
        f"GET {JOB.replace('events', '%65vents')}",
        f"GET {JOB.replace('/', '%2F').replace('%2Fapi', '/api', 1)}",
        f"GET {JOB.replace('api', '%61%70%69')}",
        f"GET http://x{JOB}",
        f"GET http://x{JOB.replace('jobs', 'j%6Fbs')}",
        f"\r\nGET {JOB}",
    ],
)
def test_a_stream_has_its_own_thread_however_its_path_is_written(port: int, start: str) -> None:
    with connected(port) as connection:
        connection.sendall(start.encode() + END)
        assert told(connection) == "stream"


def test_a_stream_has_its_own_thread_however_its_head_arrives(port: int) -> None:
    head = f"GET {JOB}".encode() + END
    with connected(port) as connection:
        for at in range(0, len(head), 20):
            connection.sendall(head[at : at + 20])
            time.sleep(0.02)
        assert told(connection) == "stream"
        connection.sendall(head[:30])
        time.sleep(0.1)
        connection.sendall(head[30:])
        assert told(connection) == "stream"  # also on a kept connection
        connection.sendall(b"GET /api/jobs" + END + head)
        assert (told(connection), told(connection)) == ("request", "stream")  # and when sent ahead
        cookies = "".join(f"Cookie: {'a' * 3000}\r\n" for _ in range(4)).encode()
        connection.sendall(head[:-2] + cookies + b"\r\n")
        assert told(connection) == "stream"


def test_other_requests_have_request_threads_and_probes_their_own(port: int) -> None:
    for start, threads in (
        ("GET /health/live", "probe"),
        ("GET /%68ealth", "probe"),
        (f"POST {JOB}", "request"),
        (f"GET {JOB}/", "request"),
        (f"GET /x{JOB}", "request"),
        (f"GET /?next={JOB}", "request"),
        ("GET /api/jobs", "request"),
    ):
        with connected(port) as connection:
            connection.sendall(start.encode() + END)
            assert told(connection) == threads, start


def test_a_header_cannot_shift_a_path_into_other_threads(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(f"GET /x{JOB} HTTP/1.1\r\nHost: x\r\nSCRIPT_NAME: /x\r\n\r\n".encode())
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert (response.status, response.read()) == (200, b"request")
    settings = runpy.run_path(str(Path(__file__).parents[2] / CONFIG))
    assert settings["forwarder_headers"] == ""


def test_unfinished_heads_hold_no_thread(port: int) -> None:
    with contextlib.ExitStack() as stack:
        heads = ["POST /api/uploads", f"GET {JOB}", "GET /health"]
        begun = [stack.enter_context(connected(port)) for _ in range(THREADS + gunicorn_worker.STREAMS)]
        for number, connection in enumerate(begun):
            connection.sendall(f"{heads[number % 3]} HTTP/1.1\r\nHost: x\r\n".encode())
        for start, threads in (("GET /api/jobs", "request"), (f"GET {JOB}", "stream"), ("GET /health", "probe")):
            with connected(port) as connection:
                connection.sendall(start.encode() + END)
                assert told(connection) == threads
        begun[0].sendall(b"\r\n")
        assert told(begun[0]) == "request"


def test_a_head_that_arrives_byte_by_byte_is_given_up(port: int) -> None:
    with connected(port) as connection, trickling(connection):
        connection.settimeout(gunicorn_worker._HEAD_S + SOON_S)
        with contextlib.suppress(ConnectionError):
            assert connection.recv(1) == b""


def test_a_head_that_ends_half_way_is_given_up_at_once(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(b"GET /api")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""


def test_a_body_that_arrives_byte_by_byte_frees_its_thread_in_time(port: int) -> None:
    with connected(port) as connection:
        connection.settimeout(timeouts.BODY_S + SOON_S)
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        with trickling(connection):
            assert told(connection) == "too slow"


@contextlib.contextmanager
def trickling(connection: socket.socket) -> Iterator[None]:
    """Send ten bytes a second meanwhile."""
    done = threading.Event()

    def send() -> None:
        with contextlib.suppress(OSError):
            while not done.wait(0.1):
                connection.send(b"x")

    sender = threading.Thread(target=send)
    sender.start()
    yield
    done.set()
    sender.join()


def test_a_body_has_longer_the_more_of_it_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeouts, "BODY_S", 0.2)
    monkeypatch.setattr(timeouts, "BODY_BYTES_S", 10)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        reads = TimedReads(ours)
        began = time.monotonic()
        theirs.sendall(b"ten bytes.")
        assert reads.recv(100) == b"ten bytes."
        with pytest.raises(TooSlow):
            reads.recv(100)
        assert time.monotonic() - began > 1
        theirs.sendall(b"late")
        assert reads.recv(100) == b"late"  # what has come is not refused
