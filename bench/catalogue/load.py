"""Many connections that each send their next request as soon as the one before is answered, from one thread."""

import re
import selectors
import socket
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

_TIMEOUT_S = 30.0
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: close", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"


@dataclass(slots=True)
class Outcome:
    """Status 0: no response. `seconds` are those of each response, `took_s` those of the whole load."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    took_s: float = 0.0

    @property
    def failed(self) -> int:
        return sum(count for status, count in self.statuses.items() if status not in (200, 201, 304))

    @property
    def rate(self) -> float:
        """Requests a second."""
        return sum(self.statuses.values()) / self.took_s

    @property
    def p95_ms(self) -> float:
        return sorted(self.seconds)[int(0.95 * (len(self.seconds) - 1))] * 1000


@dataclass(slots=True)
class _Connection:
    """One caller's; a new one where the server closes it, as it may after any response that says so."""

    port: int
    requests: list[bytes]  # the next one last
    began: float = 0.0
    received: bytearray = field(default_factory=bytearray)
    client: socket.socket = field(init=False)

    def connect(self) -> None:
        self.client = socket.create_connection(("127.0.0.1", self.port), _TIMEOUT_S)

    def send(self) -> None:
        self.received.clear()
        self.began = time.perf_counter()
        self.client.send(self.requests.pop())  # far smaller than the socket's buffer

    def read(self) -> int | None:
        """The status of a response that is complete, 0 if none comes any more; None while there is more to come."""
        try:
            part = self.client.recv(65_536)
        except OSError:
            part = b""
        self.received += part
        if not part:
            return 0
        head, end, body = self.received.partition(_HEAD_END)
        length = _LENGTH.search(head)
        complete = end and len(body) >= (int(length[1]) if length else 0)
        return int(head.split(b" ", 2)[1]) if complete else None

    def ends(self) -> bool:
        return bool(_CLOSE.search(self.received.partition(_HEAD_END)[0]))


def get(path: str, *lines: str) -> bytes:
    return "\r\n".join((f"GET {path} HTTP/1.1", "Host: shop", *lines, "", "")).encode()


def post(path: str, body: bytes, *lines: str) -> bytes:
    head = (f"POST {path} HTTP/1.1", "Host: shop", "Content-Type: application/json", f"Content-Length: {len(body)}")
    return "\r\n".join((*head, *lines, "", "")).encode() + body


def send(port: int, connections: int, each: int, requests: Sequence[bytes]) -> Outcome:
    """Open `connections` and send `each` requests over every one: those of `requests`, each in its turn."""
    return exchange(
        port, [[requests[(first + number) % len(requests)] for number in range(each)] for first in range(connections)]
    )


def exchange(port: int, requests: Sequence[list[bytes]]) -> Outcome:
    """Open a connection for each list of requests, and send them, the last of each first."""
    outcome, waiting = Outcome(), selectors.DefaultSelector()
    opened = [_Connection(port, list(wanted)) for wanted in requests]
    for connection in opened:
        connection.connect()
    began = time.perf_counter()
    for connection in opened:
        waiting.register(connection.client, selectors.EVENT_READ, connection)
        connection.send()
    while waiting.get_map() and (ready := waiting.select(_TIMEOUT_S)):
        for key, _ in ready:
            _go_on(waiting, key.data, outcome)
    for silent in waiting.get_map().values():
        outcome.statuses[0] += 1
        silent.data.client.close()
    outcome.took_s = time.perf_counter() - began
    return outcome


def _go_on(waiting: selectors.BaseSelector, connection: _Connection, outcome: Outcome) -> None:
    status = connection.read()
    if status is None:
        return
    outcome.statuses[status] += 1
    outcome.seconds.append(time.perf_counter() - connection.began)
    ended = not status or not connection.requests
    if ended or connection.ends():
        waiting.unregister(connection.client)
        connection.client.close()
        if ended:
            return
        connection.connect()
        waiting.register(connection.client, selectors.EVENT_READ, connection)
    connection.send()
