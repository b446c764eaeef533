"""The bad network does what it claims and nothing else."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.chaos.proxy import Proxy

WORDS = bytes(range(256)) * 400


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of an echo server."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    while block := connection.recv(65536):
                        connection.sendall(block)
                except OSError:
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    listener.close()


@pytest.fixture
def proxy(echo: int) -> Iterator[Proxy]:
    with Proxy(echo) as running:
        yield running


def exchange(proxy: Proxy, words: bytes = WORDS) -> bytes:
    """Return the response to the words, up to the end of the connection."""
    with socket.create_connection(("127.0.0.1", proxy.port), 2) as connection:
        connection.settimeout(0.5)
        connection.sendall(words)
        connection.shutdown(socket.SHUT_WR)
        heard = b""
        while block := connection.recv(65536):
            heard += block
        return heard


def test_a_good_network_passes_everything(proxy: Proxy) -> None:
    assert exchange(proxy) == WORDS


def test_a_slow_network_delays_each_way(proxy: Proxy) -> None:
    proxy.latency_s = 0.1
    began = time.monotonic()
    assert exchange(proxy, b"hello") == b"hello"
    assert time.monotonic() - began >= 0.2


def test_a_cut_ends_the_response_early(proxy: Proxy) -> None:
    proxy.cut_after = 1000
    assert exchange(proxy) == WORDS[:1000]


def test_a_blackhole_is_silent_until_it_heals(proxy: Proxy) -> None:
    proxy.blackhole = True
    with pytest.raises(TimeoutError):
        exchange(proxy, b"hello")
    proxy.heal()
    assert exchange(proxy) == WORDS


def test_refusals_and_resets_break_connections(proxy: Proxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), 2) as connection:
        connection.sendall(b"hello")
        assert connection.recv(5) == b"hello"
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    proxy.refusing = True
    with pytest.raises(OSError, match=r"reset|not connected|[Bb]roken pipe"):  # depending on when it is noticed
        exchange(proxy)
