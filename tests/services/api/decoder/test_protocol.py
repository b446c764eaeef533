"""What comes from a decoder is data of a bounded size, in bounded time."""

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


def test_an_end_is_an_end_also_in_the_middle(pair: Pair) -> None:
    pair[0].sendall(struct.pack(">II", 2, 1000) + b"{}" + bytes(10))
    pair[0].close()
    with pytest.raises(EOFError):
        protocol.receive(pair[1])


@pytest.mark.parametrize(("facts", "data"), [(1 << 20, 0), (2, 0xFFFFFFFF)])
def test_no_more_is_taken_than_a_message_may_hold(pair: Pair, facts: int, data: int) -> None:
    pair[0].sendall(struct.pack(">II", facts, data))
    with pytest.raises(EOFError):
        protocol.receive(pair[1])


def test_what_is_no_json_is_an_error_of_values(pair: Pair) -> None:
    pair[0].sendall(struct.pack(">II", 2, 0) + b"\xff}")
    with pytest.raises(ValueError, match="decode"):
        protocol.receive(pair[1])
    assert issubclass(json.JSONDecodeError, ValueError)


def test_a_trickle_does_not_stretch_the_deadline(pair: Pair) -> None:
    pair[0].sendall(struct.pack(">II", 2, 1000) + b"{}" + bytes(10))
    with pytest.raises(TimeoutError):
        protocol.receive(pair[1], time.monotonic() + 0.05)
    with pytest.raises(TimeoutError):
        protocol.send(pair[0], {}, bytes(10_000_000), time.monotonic() + 0.05)
