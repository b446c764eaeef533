"""More callers than a server has room for; each reads a response that arrives while it is still sending its picture.

A refused caller waits for as long as Retry-After says, at most a second, and retries, so the load never drops. A
separate process probes health: in the callers' process, their own work would be timed.
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
_TIMEOUT_S = 120.0
_MAX_PAUSE_S = 1.0
_PROBE_INTERVAL_S = 0.1


@dataclass(slots=True)
class Observed:
    """What the callers observed. Refusals are timed from the end of the request's head, health from the connection."""

    statuses: Counter[str] = field(default_factory=Counter)
    refusals_s: list[float] = field(default_factory=list)
    health_s: list[float] = field(default_factory=list)
    unanswered: int = 0  # probes

    def row(self) -> dict[str, object]:
        refused, healthy = percentile(self.refusals_s, 99), percentile(self.health_s, 99)
        waits = {"refused_p99_ms": round(refused * 1000), "health_p99_ms": round(healthy * 1000)}
        return {**self.statuses, **waits, "health_unanswered": self.unanswered}


def percentile(values: list[float], rank: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[rank - 1] if len(values) > 1 else sum(values)


def flood(
    port: int, path: str, body: bytes, content_type: str, connections: int, seconds: float, health: str
) -> Observed:
    """Post `body` over `connections` for `seconds`, and probe `health` meanwhile."""
    observed = Observed()
    with ProcessPoolExecutor(1) as pool:
        probing = pool.submit(_probe, port, health, seconds)
        asyncio.run(_all(port, path, body, content_type, connections, seconds, observed))
        observed.health_s, observed.unanswered = probing.result()
    return observed


async def _all(
    port: int, path: str, body: bytes, content_type: str, connections: int, seconds: float, observed: Observed
) -> None:
    end = time.monotonic() + seconds
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode()
    await asyncio.gather(*(_caller(port, head, body, end, observed) for _ in range(connections)))


async def _caller(port: int, head: bytes, body: bytes, end: float, observed: Observed) -> None:
    while time.monotonic() < end:
        try:
            status, pause_s = await asyncio.wait_for(_ask(port, head, body, observed), _TIMEOUT_S)
        except (OSError, asyncio.IncompleteReadError, ValueError, TimeoutError) as error:
            status, pause_s = type(error).__name__, _MAX_PAUSE_S
        observed.statuses[status] += 1
        await asyncio.sleep(pause_s)


async def _ask(port: int, head: bytes, body: bytes, observed: Observed) -> tuple[str, float]:
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
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        await reader.readexactly(int(headers["content-length"]))
        if status == "503":
            observed.refusals_s.append(took_s)
        return status, min(float(headers.get("retry-after", 0)), _MAX_PAUSE_S)
    finally:
        writer.close()


def _probe(port: int, path: str, seconds: float) -> tuple[list[float], int]:
    os.setsid()  # so that it does not wait for a processor as the callers do
    took_s, unanswered, end = [], 0, time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            with urllib.request.urlopen(f"http://{ports.LOCAL}:{port}{path}", timeout=_TIMEOUT_S) as answer:
                answer.read()
        except (OSError, HTTPException):
            unanswered += 1
        took_s.append(time.monotonic() - began)
        time.sleep(_PROBE_INTERVAL_S)
    return took_s, unanswered
