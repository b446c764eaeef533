"""Three times as many requests as can be served: what becomes of those that can, and of health meanwhile.

Capacity is what a closed loop of callers gets; then an open loop asks `TIMES` as often. Health is asked by a process
of its own, as the sending one is as busy as the front.
"""

import asyncio
import http.client
import multiprocessing
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass

from tests.deploy.senders import Outcome
from tests.load.front import sending
from tests.load.front.sending import Front
from tests.services import pictures

TIMES = 3
EXPECTED = frozenset({200, 202, 429, 503})
_CALLERS = 16  # of the closed loop: every thread has work, and nobody is refused
_PICTURES = 5  # every fifth request sends one
_PROBES_S = 0.05


@dataclass(frozen=True, slots=True)
class Overload:
    """What came of it; rates are of requests that were served, a second."""

    peak: float
    goodput: float
    outcome: Outcome
    health: Outcome

    @property
    def unexpected(self) -> dict[int, int]:
        return {status: count for status, count in self.outcome.statuses.items() if status not in EXPECTED}


def measure(port: int, seconds: float) -> Overload:
    token = asyncio.run(_guest(port))
    drawn = [pictures.jpeg(640, 480, shade) for shade in range(0, 256, 4)]

    def request(number: int) -> bytes:
        if number % _PICTURES:
            return sending.get("/api/jobs", token)
        return sending.post("/api/cutouts", drawn[number // _PICTURES % len(drawn)], token)

    warm, peak, flood = (Front(port, Outcome()) for _ in range(3))
    asyncio.run(sending.at_once(warm, _CALLERS, min(2.0, seconds), request))
    capacity = _served(peak, lambda: sending.at_once(peak, _CALLERS, seconds / 2, request))
    with probing(port, seconds) as health:
        goodput = _served(flood, lambda: sending.at_rate(flood, TIMES * capacity, seconds, request))
    return Overload(capacity, goodput, flood.outcome, health)


def _served(front: Front, load: Callable[[], Coroutine[None, None, None]]) -> float:
    began = time.monotonic()
    asyncio.run(load())
    served = front.outcome.statuses[200] + front.outcome.statuses[202]
    return served / (time.monotonic() - began)


async def _guest(port: int) -> str:
    answer = await Front(port, Outcome()).ask(sending.post("/api/uploads", pictures.jpeg()))
    return answer.header("x-session-token")


@contextmanager
def probing(port: int, seconds: float) -> Iterator[Outcome]:
    """Health asked twenty times a second while the block runs, from another process; told when it ends."""
    heard = Outcome()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(int).result()  # it is there
        probes = pool.submit(probe, port, seconds)
        yield heard
        statuses, heard.seconds[:] = probes.result()
        heard.statuses.update(statuses)


def probe(port: int, seconds: float) -> tuple[list[int], list[float]]:
    statuses, took = [], []
    until = time.monotonic() + seconds
    while (began := time.monotonic()) < until:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
            connection.request("GET", "/health/live")
            statuses.append(connection.getresponse().status)
        took.append(time.monotonic() - began)
        time.sleep(max(0.0, began + _PROBES_S - time.monotonic()))
    return statuses, took
