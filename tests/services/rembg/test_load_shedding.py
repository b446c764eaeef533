"""Refusals without a thread: what is refused, what is left to others, and what the caller reads."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from services.rembg.admission import Gate
from services.rembg.lingering_close import Sink
from services.rembg.load_shedding import Door
from services.rembg.stats import Stats

HEAD = b"POST /remove?format=webp HTTP/1.1\r\nHost: x\r\nX-Request-ID: abc-1\r\nContent-Length: 90000\r\n\r\n"


@pytest.fixture
def gate() -> Gate:
    return Gate(slots=1, line=0)


@pytest.fixture
def full(gate: Gate) -> Iterator[Gate]:
    with gate.place():
        yield gate


def come(gate: Gate, head: bytes, stats: Stats | None = None) -> bytes | None:
    """What the caller reads to the end; None when the request is let in."""
    door = Door(("/remove", "/api/remove"), gate, stats or Stats(), Sink())
    with ExitStack() as stack:
        here, there = (stack.enter_context(end) for end in socket.socketpair())
        if not door.refuse(here, head):
            return None
        here.close()  # as the server does; who still sends must not be reset by that
        there.settimeout(5)
        there.sendall(bytes(50_000))
        said = b""
        while piece := there.recv(1 << 16):
            said += piece
        return said


def test_who_finds_no_place_is_told_when_to_come_back(full: Gate) -> None:
    stats = Stats()
    head, _, body = (come(full, HEAD, stats) or b"").partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 503 Service Unavailable"
    assert {"Retry-After: 1", "X-Request-Id: abc-1", "Connection: close"} <= set(lines)
    assert f"Content-Length: {len(body)}" in lines
    assert json.loads(body)["error"]["code"] == "busy"
    told = stats.snapshot()
    assert (told["requests"], told["rejected"]) == (1, 1)


def test_while_there_is_a_place_nobody_is_refused(gate: Gate) -> None:
    assert come(gate, HEAD) is None


def test_a_stopping_service_says_so_here_too(gate: Gate) -> None:
    gate.close()
    assert b'"unavailable"' in (come(gate, HEAD) or b"")


@pytest.mark.parametrize("given", ["", "a b", "é" * 70, "x" * 65])
def test_an_odd_request_id_is_replaced(full: Gate, given: str) -> None:
    said = come(full, HEAD.replace(b"abc-1", given.encode())) or b""
    assert len(json.loads(said.partition(b"\r\n\r\n")[2])["error"]["requestId"]) == 16


@pytest.mark.parametrize(
    "head",
    [
        b"",
        HEAD[:-2],
        HEAD.replace(b"POST", b"GET"),
        HEAD.replace(b"/remove?", b"/removed?"),
        HEAD.replace(b"/remove", b"/stats"),
        b"GET /health/live HTTP/1.1\r\n\r\n",
    ],
)
def test_everything_else_goes_the_ordinary_way(full: Gate, head: bytes) -> None:
    assert come(full, head) is None
