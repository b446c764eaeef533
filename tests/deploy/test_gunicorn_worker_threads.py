"""Which threads serve a request, and how long a slow one may hold them."""

import contextlib
import re
import runpy
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import gunicorn_worker
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


class Client:
    """A connection, and its responses one after the other."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), SOON_S)
        self._responses = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def told(self) -> str:
        """What the next response says."""
        head = b"".join(iter(self._responses.readline, b"\r\n"))
        length = re.search(rb"Content-Length: (\d+)", head)
        assert length, head
        return self._responses.read(int(length[1])).decode()

    def close(self) -> None:
        self._responses.close()
        self.socket.close()


@contextlib.contextmanager
def connected(port: int) -> Iterator[Client]:
    with contextlib.closing(Client(port)) as client:
        yield client


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
        connection.send(start.encode() + END)
        assert connection.told() == "stream"


def test_a_stream_has_its_own_thread_however_its_head_arrives(port: int) -> None:
    head = f"GET {JOB}".encode() + END
    with connected(port) as connection:
        for at in range(0, len(head), 20):
            connection.send(head[at : at + 20])
            time.sleep(0.02)
        assert connection.told() == "stream"
        connection.send(head[:30])
        time.sleep(0.1)
        connection.send(head[30:])
        assert connection.told() == "stream"  # also on a kept connection
        connection.send(b"GET /api/jobs" + END + head)
        assert (connection.told(), connection.told()) == ("request", "stream")  # and when sent ahead
        cookies = "".join(f"Cookie: {'a' * 3000}\r\n" for _ in range(4)).encode()
        connection.send(head[:-2] + cookies + b"\r\n")
        assert connection.told() == "stream"


def test_other_requests_have_request_threads_and_probes_their_own(port: int) -> None:
    for start, threads in (
        ("GET /health/live", "probe"),
        ("GET /%68ealth", "probe"),
        (f"POST {JOB}", "request"),
        (f"GET {JOB}/", "request"),
        (f"GET /x{JOB}", "request"),
        (f"GET /?next={JOB}", "request"),
        ("GET /api/jobs", "request"),
        ("POST /v1.0/removebg", "caller"),
        ("POST /api/v1%2E0/removebg", "caller"),
        ("POST /v1.0/removebg/", "request"),
        ("GET /v1.0/removebg", "request"),
    ):
        with connected(port) as connection:
            connection.send(start.encode() + END)
            assert connection.told() == threads, start


def test_a_header_cannot_shift_a_path_into_other_threads(port: int) -> None:
    with connected(port) as connection:
        connection.send(f"GET /x{JOB} HTTP/1.1\r\nHost: x\r\nSCRIPT_NAME: /x\r\n\r\n".encode())
        assert connection.told() == "request"
    settings = runpy.run_path(str(Path(__file__).parents[2] / CONFIG))
    assert settings["forwarder_headers"] == ""


def test_unfinished_heads_hold_no_thread(port: int) -> None:
    with contextlib.ExitStack() as stack:
        heads = ["POST /api/uploads", f"GET {JOB}", "GET /health"]
        begun = [stack.enter_context(connected(port)) for _ in range(THREADS + gunicorn_worker.STREAMS)]
        for number, connection in enumerate(begun):
            connection.send(f"{heads[number % 3]} HTTP/1.1\r\nHost: x\r\n".encode())
        for start, threads in (("GET /api/jobs", "request"), (f"GET {JOB}", "stream"), ("GET /health", "probe")):
            with connected(port) as connection:
                connection.send(start.encode() + END)
                assert connection.told() == threads
        begun[0].send(b"\r\n")
        assert begun[0].told() == "request"


def test_a_head_that_arrives_byte_by_byte_is_given_up(port: int) -> None:
    with connected(port) as connection, trickling(connection):
        connection.socket.settimeout(gunicorn_worker._HEAD_S + SOON_S)
        with contextlib.suppress(ConnectionError):
            assert connection.socket.recv(1) == b""


def test_a_head_that_ends_half_way_is_given_up_at_once(port: int) -> None:
    with connected(port) as connection:
        connection.send(b"GET /api")
        connection.socket.shutdown(socket.SHUT_WR)
        assert connection.socket.recv(100) == b""


def test_a_body_that_arrives_byte_by_byte_frees_its_thread_in_time(port: int) -> None:
    with connected(port) as connection:
        connection.socket.settimeout(timeouts.BODY_S + SOON_S)
        connection.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        with trickling(connection):
            assert connection.told() == "too slow"


def test_an_early_response_reaches_a_client_that_is_still_sending(port: int) -> None:
    for _ in range(10):
        with connected(port) as connection:
            size = 15_000_000
            connection.send(
                b"POST /early HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size
            )
            connection.send(bytes(size))
            assert connection.told() == "request"


def test_clients_that_do_not_close_delay_no_others(port: int) -> None:
    with contextlib.ExitStack() as stack:
        lingering = [stack.enter_context(connected(port)) for _ in range(20)]
        for connection in lingering:
            connection.send(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert connection.told() == "request"
            stack.enter_context(trickling(connection))
        with connected(port) as other:
            other.send(b"GET /health" + END)
            assert other.told() == "probe"  # within SOON_S
        for connection in lingering:
            with contextlib.suppress(ConnectionError):
                assert connection.socket.recv(1) == b""


@contextlib.contextmanager
def trickling(connection: Client) -> Iterator[None]:
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


def test_a_reader_that_reads_nothing_frees_its_thread_in_time(port: int) -> None:
    with contextlib.ExitStack() as stack:
        readers = [stack.enter_context(connected(port)) for _ in range(THREADS)]
        for reader in readers:
            reader.send(b"GET /flood" + END)
        time.sleep(0.5)
        with connected(port) as other:
            other.socket.settimeout(timeouts.BODY_S + SOON_S)
            other.send(b"GET /" + END)
            assert other.told() == "request"
