"""Messages of a decoder have a bounded size and arrive in bounded time."""

import json
import socket
import struct
import time
from collections.abc import Iterator

import pytest

from services.api.decoder import protocol

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def test_what_is_sent_is_received(pair: Pair) -> None:
    protocol.send(pair[0], {"a": [1, "ü"]}, b"\0bytes")
    protocol.send(pair[0], {}, b"")
    assert protocol.receive(pair[1]) == ({"a": [1, "ü"]}, b"\0bytes")
    assert protocol.receive(pair[1]) == ({}, b"")


def test_a_connection_that_ends_within_a_message_raises_eof(pair: Pair) -> None:
    pair[0].sendall(struct.pack(">II", 2, 1000) + b"{}" + bytes(10))
    pair[0].close()
    with pytest.raises(EOFError):
        protocol.receive(pair[1])


@pytest.mark.parametrize(("facts", "data"), [(1 << 20, 0), (2, 0xFFFFFFFF)])
def test_a_message_beyond_the_limits_is_refused(pair: Pair, facts: int, data: int) -> None:
    pair[0].sendall(struct.pack(">II", facts, data))
    with pytest.raises(EOFError):
        protocol.receive(pair[1])


def test_invalid_json_raises_a_value_error(pair: Pair) -> None:
    pair[0].sendall(struct.pack(">II", 2, 0) + b"\xff}")
    with pytest.raises(ValueError, match="decode"):
        protocol.receive(pair[1])
    assert issubclass(json.JSONDecodeError, ValueError)


def test_slow_bytes_do_not_extend_the_deadline(pair: Pair) -> None:
    pair[0].sendall(struct.pack(">II", 2, 1000) + b"{}" + bytes(10))
    with pytest.raises(TimeoutError):
        protocol.receive(pair[1], time.monotonic() + 0.05)
    with pytest.raises(TimeoutError):
        protocol.send(pair[0], {}, bytes(10_000_000), time.monotonic() + 0.05)
