"""Callers of a front over raw HTTP: a closed loop of concurrent callers, or an open loop at a fixed rate.

Every request has its own connection, from its own address if one is given, as those of strangers do.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from tests.deploy.senders import Outcome

_TIMEOUT_S = 20.0  # after which a request counts as unanswered
_BOUNDARY = "of-a-load-test"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status 0: none arrived."""

    status: int
    head: str = ""
    body: bytes = b""

    def header(self, name: str) -> str:
        lines = (line.partition(": ") for line in self.head.split("\r\n"))
        return next((value for found, _, value in lines if found.lower() == name), "")


@dataclass(slots=True)
class Front:
    """A front, and the outcome of what was sent to it."""

    port: int
    outcome: Outcome

    async def ask(self, request: bytes, source: str | None = None) -> Answer:
        began = time.monotonic()
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                answer = await self._answer(request, source)
        except (OSError, TimeoutError, ValueError):
            answer = Answer(0)
        self.outcome.seconds.append(time.monotonic() - began)
        self.outcome.statuses[answer.status] += 1
        return answer

    async def _answer(self, request: bytes, source: str | None) -> Answer:
        own = (source, 0) if source else None
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=own)
        try:
            writer.write(request)
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            writer.close()
        return Answer(int(head.split(b" ", 2)[1]) if head else 0, head.decode("latin-1"), body)


def get(path: str, token: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{_bearer(token)}Connection: close\r\n\r\n".encode()


def post(path: str, picture: bytes, token: str = "") -> bytes:
    form = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="p.jpg"\r\n\r\n'.encode()
    body = form + picture + f"\r\n--{_BOUNDARY}--\r\n".encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\n{_bearer(token)}Connection: close\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: multipart/form-data; boundary={_BOUNDARY}\r\n\r\n"
    )
    return head.encode() + body


def _bearer(token: str) -> str:
    return f"Authorization: Bearer {token}\r\n" if token else ""


async def paced(rate: float, count: int) -> AsyncIterator[int]:
    """The numbers from 0, at `rate` per second."""
    began = time.monotonic()
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        yield number


async def at_rate(front: Front, rate: float, seconds: float, request: Callable[[int], bytes]) -> None:
    """Open loop: an unanswered request does not delay the next."""
    async with asyncio.TaskGroup() as tasks:
        async for number in paced(rate, round(rate * seconds)):
            tasks.create_task(front.ask(request(number)))


async def at_once(front: Front, callers: int, seconds: float, request: Callable[[int], bytes]) -> None:
    """Closed loop: each of `callers` sends again as soon as it is answered."""
    until = time.monotonic() + seconds

    async def go_on(caller: int) -> None:
        number = caller
        while time.monotonic() < until:
            await front.ask(request(number))
            number += callers

    async with asyncio.TaskGroup() as tasks:
        for caller in range(callers):
            tasks.create_task(go_on(caller))
