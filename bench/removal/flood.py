"""More callers than a server has room for, each of whom reads an answer that comes before its picture is sent.

A refused caller waits as long as it was told to (at most a second here) and comes again, so pressure never ends. Health
is asked for by a process of its own, as probes do: in the callers' it would be their work that is timed.
"""

import asyncio
import os
import statistics
import time
import urllib.request
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException

from deploy.local import ports

_CHUNK = 1 << 16
_ANSWER_S = 120.0
_LONGEST_REST_S = 1.0
_HEALTH_EVERY_S = 0.1


@dataclass(slots=True)
class Seen:
    """What the callers met. Refusals are timed from the end of the request's head, health from the connection."""

    statuses: Counter[str] = field(default_factory=Counter)
    refusals_s: list[float] = field(default_factory=list)
    health_s: list[float] = field(default_factory=list)
    unanswered: int = 0  # of the probes

    def row(self) -> dict[str, object]:
        refused, healthy = percentile(self.refusals_s, 99), percentile(self.health_s, 99)
        waits = {"refused_p99_ms": round(refused * 1000), "health_p99_ms": round(healthy * 1000)}
        return {**self.statuses, **waits, "health_unanswered": self.unanswered}


def percentile(values: list[float], rank: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[rank - 1] if len(values) > 1 else sum(values)


def flood(port: int, path: str, body: bytes, content_type: str, connections: int, seconds: float, health: str) -> Seen:
    """Post `body` from so many connections for so long, and ask for `health` all the while."""
    seen = Seen()
    with ProcessPoolExecutor(1) as beside:
        probing = beside.submit(_probed, port, health, seconds)
        asyncio.run(_all(port, path, body, content_type, connections, seconds, seen))
        seen.health_s, seen.unanswered = probing.result()
    return seen


async def _all(
    port: int, path: str, body: bytes, content_type: str, connections: int, seconds: float, seen: Seen
) -> None:
    end = time.monotonic() + seconds
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode()
    await asyncio.gather(*(_caller(port, head, body, end, seen) for _ in range(connections)))


async def _caller(port: int, head: bytes, body: bytes, end: float, seen: Seen) -> None:
    while time.monotonic() < end:
        try:
            status, rest_s = await asyncio.wait_for(_ask(port, head, body, seen), _ANSWER_S)
        except (OSError, asyncio.IncompleteReadError, ValueError, TimeoutError) as error:
            status, rest_s = type(error).__name__, _LONGEST_REST_S
        seen.statuses[status] += 1
        await asyncio.sleep(rest_s)


async def _ask(port: int, head: bytes, body: bytes, seen: Seen) -> tuple[str, float]:
    reader, writer = await asyncio.open_connection(ports.LOCAL, port)
    try:
        writer.write(head)
        await writer.drain()
        began = time.monotonic()
        answer = asyncio.ensure_future(reader.readuntil(b"\r\n\r\n"))
        try:
            for at in range(0, len(body), _CHUNK):
                if answer.done():
                    break
                writer.write(body[at : at + _CHUNK])
                await asyncio.wait({asyncio.ensure_future(writer.drain()), answer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            lines = (await answer).decode("latin-1").split("\r\n")
        took_s, status = time.monotonic() - began, lines[0].split()[1]
        said = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        await reader.readexactly(int(said["content-length"]))
        if status == "503":
            seen.refusals_s.append(took_s)
        return status, min(float(said.get("retry-after", 0)), _LONGEST_REST_S)
    finally:
        writer.close()


def _probed(port: int, path: str, seconds: float) -> tuple[list[float], int]:
    os.setsid()  # what the senders wait for the processor is not the server's
    took_s, unanswered, end = [], 0, time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            with urllib.request.urlopen(f"http://{ports.LOCAL}:{port}{path}", timeout=_ANSWER_S) as answer:
                answer.read()
        except (OSError, HTTPException):
            unanswered += 1
        took_s.append(time.monotonic() - began)
        time.sleep(_HEALTH_EVERY_S)
    return took_s, unanswered
