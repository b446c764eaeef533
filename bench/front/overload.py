"""Three times as many requests as can be served: goodput and health meanwhile.

A closed loop of callers measures the capacity; then an open loop sends `TIMES` as much. A separate process probes
health, because the sending one is as busy as the front. Sender, front and api share one machine, and sending three
times as much leaves less for the api, so goodput is also given per second of the api's processor time.
"""

import asyncio
import http.client
import multiprocessing
import os
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass

from bench import processes
from bench.front import sending
from bench.front.sending import Front
from tests.deploy.front import Deployment
from tests.deploy.senders import Outcome
from tests.services import pictures

TIMES = 3
EXPECTED = frozenset({200, 202, 429, 503})
_CALLERS = 16  # of the closed loop: every thread has work, and no request is refused
_PICTURES = 5  # every fifth request sends one
_PROBES_S = 0.05


@dataclass(frozen=True, slots=True)
class Goodput:
    """Requests served per second, and per second of the api's processor time."""

    rate: float
    efficiency: float


@dataclass(frozen=True, slots=True)
class Overload:
    peak: Goodput
    goodput: Goodput
    outcome: Outcome
    health: Outcome

    @property
    def unexpected(self) -> dict[int, int]:
        return {status: count for status, count in self.outcome.statuses.items() if status not in EXPECTED}


def measure(deployment: Deployment, seconds: float) -> Overload:
    port = deployment.front.port
    token = asyncio.run(_guest(port))
    drawn = [pictures.jpeg(640, 480, shade) for shade in range(0, 256, 4)]

    def request(number: int) -> bytes:
        if number % _PICTURES:
            return sending.get("/api/jobs", token)
        return sending.post("/api/cutouts", drawn[number // _PICTURES % len(drawn)], token)

    warm, calm, flood = (Front(port, Outcome()) for _ in range(3))
    asyncio.run(sending.at_once(warm, _CALLERS, min(2.0, seconds), request))
    peak = _served(deployment, calm, lambda: sending.at_once(calm, _CALLERS, seconds / 2, request))
    with probing(port, seconds) as health:
        kept = _served(deployment, flood, lambda: sending.at_rate(flood, TIMES * peak.rate, seconds, request))
    return Overload(peak, kept, flood.outcome, health)


def _served(deployment: Deployment, front: Front, load: Callable[[], Coroutine[None, None, None]]) -> Goodput:
    began, before = time.monotonic(), _processor_s(deployment)
    asyncio.run(load())
    served = front.outcome.statuses[200] + front.outcome.statuses[202]
    return Goodput(served / (time.monotonic() - began), served / (_processor_s(deployment) - before))


def _processor_s(deployment: Deployment) -> float:
    """Of the instances and all their processes so far."""
    return sum(processes.processor_s(instance.pid) for instance in deployment.instances if instance.pid)


async def _guest(port: int) -> str:
    answer = await Front(port, Outcome()).ask(sending.post("/api/uploads", pictures.jpeg()))
    return answer.header("x-session-token")


@contextmanager
def probing(port: int, seconds: float) -> Iterator[Outcome]:
    """Probe health twenty times a second from another process; the outcome is complete when the block ends."""
    observed = Outcome()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(int).result()  # started
        probes = pool.submit(probe, port, seconds)
        yield observed
        statuses, observed.seconds[:] = probes.result()
        observed.statuses.update(statuses)


def probe(port: int, seconds: float) -> tuple[list[int], list[float]]:
    os.setsid()  # the kernel divides the processor among sessions; this one must not wait as the sender does
    statuses, took = [], []
    until = time.monotonic() + seconds
    while (began := time.monotonic()) < until:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
            connection.request("GET", "/health/live")
            statuses.append(connection.getresponse().status)
        took.append(time.monotonic() - began)
        time.sleep(max(0.0, began + _PROBES_S - time.monotonic()))
    return statuses, took
