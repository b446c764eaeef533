"""How long a client may let a thread wait."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from deploy.timed_socket import TimedSocket, TooSlow
from shared import timeouts

SOON_S = 4.0


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[TimedSocket, socket.socket]]:
    """A connection of impatient threads, and its client's side."""
    monkeypatch.setattr(timeouts, "BODY_S", 0.2)
    monkeypatch.setattr(timeouts, "BODY_BYTES_S", 10)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield TimedSocket(ours), theirs


def test_a_body_has_as_long_as_it_comes_at_the_least_rate(pair: tuple[TimedSocket, socket.socket]) -> None:
    ours, theirs = pair
    for _ in range(5):
        theirs.sendall(b"ten bytes.")
        time.sleep(0.25)
        assert ours.recv(100) == b"ten bytes."
    theirs.sendall(bytes(1000))
    assert ours.recv(1000) == bytes(1000)
    began = time.monotonic()
    with pytest.raises(TooSlow):
        ours.recv(100)
    assert time.monotonic() - began < SOON_S  # nothing is saved up


def test_a_thread_s_own_work_is_not_the_client_s_delay(pair: tuple[TimedSocket, socket.socket]) -> None:
    ours, theirs = pair
    time.sleep(0.3)
    theirs.sendall(b"x")
    assert ours.recv(100) == b"x"


def test_a_reader_has_as_long_as_it_reads_at_the_least_rate(pair: tuple[TimedSocket, socket.socket]) -> None:
    ours, theirs = pair
    reader = threading.Thread(target=_read_slowly, args=(theirs, 3_000_000))
    reader.start()
    began = time.monotonic()
    ours.sendall(bytes(3_000_000))
    reader.join()
    assert time.monotonic() - began > timeouts.BODY_S
    with pytest.raises(TooSlow):
        ours.sendall(bytes(3_000_000))  # more than any buffer holds


def _read_slowly(connection: socket.socket, size: int) -> None:
    while size > 0:
        size -= len(connection.recv(50_000))
        time.sleep(0.01)
