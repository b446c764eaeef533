"""Refusals without a thread: which requests are refused, and what their callers read."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from services.rembg.admission import AdmissionQueue
from services.rembg.lingering_close import SocketDrain
from services.rembg.load_shedding import LoadShedder
from services.rembg.stats import Stats

HEAD = b"POST /remove?format=webp HTTP/1.1\r\nHost: x\r\nX-Request-ID: abc-1\r\nContent-Length: 90000\r\n\r\n"


@pytest.fixture
def queue() -> AdmissionQueue:
    return AdmissionQueue(slots=1, max_waiting=0)


@pytest.fixture
def full(queue: AdmissionQueue) -> Iterator[AdmissionQueue]:
    with queue.admit():
        yield queue


def send(queue: AdmissionQueue, head: bytes, stats: Stats | None = None) -> bytes | None:
    """The response as the caller reads it; None when the request is not refused."""
    shedder = LoadShedder(("/remove", "/api/remove"), queue, stats or Stats(), SocketDrain())
    with ExitStack() as stack:
        here, there = (stack.enter_context(end) for end in socket.socketpair())
        if not shedder.refuse(here, head):
            return None
        here.close()  # as the server does; must not reset a caller that is still sending
        there.settimeout(5)
        there.sendall(bytes(50_000))
        response = b""
        while piece := there.recv(1 << 16):
            response += piece
        return response


def test_a_full_queue_refuses_with_retry_after(full: AdmissionQueue) -> None:
    stats = Stats()
    head, _, body = (send(full, HEAD, stats) or b"").partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 503 Service Unavailable"
    assert {"Retry-After: 1", "X-Request-Id: abc-1", "Connection: close"} <= set(lines)
    assert f"Content-Length: {len(body)}" in lines
    assert json.loads(body)["error"]["code"] == "busy"
    counts = stats.snapshot()
    assert (counts["requests"], counts["rejected"]) == (1, 1)


def test_nothing_is_refused_while_there_is_room(queue: AdmissionQueue) -> None:
    assert send(queue, HEAD) is None


def test_a_stopping_service_refuses_as_unavailable(queue: AdmissionQueue) -> None:
    queue.close()
    assert b'"unavailable"' in (send(queue, HEAD) or b"")


@pytest.mark.parametrize("given", ["", "a b", "é" * 70, "x" * 65])
def test_a_malformed_request_id_is_replaced(full: AdmissionQueue, given: str) -> None:
    response = send(full, HEAD.replace(b"abc-1", given.encode())) or b""
    assert len(json.loads(response.partition(b"\r\n\r\n")[2])["error"]["requestId"]) == 16


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
def test_other_requests_are_not_refused(full: AdmissionQueue, head: bytes) -> None:
    assert send(full, head) is None
