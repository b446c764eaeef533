"""Clients of a front: one at a steady rate, and ones that send too slowly."""

import contextlib
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import local

import requests

from tests.services import pictures

AT_ONCE = 64
_POSTS = 5  # every fifth request sends a picture, which nginx must not send twice


@dataclass(slots=True)
class Outcome:
    """Answers by status, 0 without one; their latencies; when the failed requests were sent."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    failed_at: list[float] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return len(self.failed_at)

    def __str__(self) -> str:
        shares = (0.5, 0.95, 0.99, 1)
        times = ", ".join(f"p{share:.0%}"[:-1] + f" {self.percentile(share):.0f} ms" for share in shares)
        return f"{len(self.seconds)} requests, {self.failed} failed; {dict(self.statuses)}; {times}"

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        return sorted(self.seconds)[int(share * (len(self.seconds) - 1))] * 1000


def steady(address: str, requests_in_all: int, rate: float, during: Callable[[], None] = lambda: None) -> Outcome:
    """Send `rate` requests per second, open loop, while `during` runs; a fifth are uploads, the others lists."""
    outcome, own, began = Outcome(), local(), time.monotonic()

    def send(number: int) -> None:
        if not hasattr(own, "session"):
            own.session = requests.Session()
            own.session.trust_env = False
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        at = time.monotonic()
        try:
            status = _send(own.session, address, number)
        except requests.RequestException:
            status = 0
        outcome.seconds.append(time.monotonic() - at)
        outcome.statuses[status] += 1
        if status not in (200, 201):
            outcome.failed_at.append(at - began)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        sent = pool.map(send, range(requests_in_all))
        during()  # in this thread, because processes it starts would end with another
        list(sent)
    return outcome


def _send(session: requests.Session, address: str, number: int) -> int:
    if number % _POSTS:
        return session.get(f"{address}/api/jobs", timeout=20).status_code
    sent = {"file": ("p.png", pictures.png(shade=number % 256))}
    return session.post(f"{address}/api/uploads", files=sent, timeout=20).status_code


@contextlib.contextmanager
def slow_senders(port: int, heads: int, bodies: int) -> Iterator[list[socket.socket]]:
    """Connections that send half a head, and others that announce a body and send one byte of it."""
    half = b"POST /api/uploads HTTP/1.1\r\nHost: x\r\n"
    promise = half + b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n-"
    with contextlib.ExitStack() as stack:
        opened = []
        for said in [half] * heads + [promise] * bodies:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.sendall(said)
            opened.append(connection)
        yield opened
