"""Several processes that claim and finish, or create, claim and finish, as fast as the server lets them."""

import multiprocessing
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

CLIENTS = 8


@dataclass(frozen=True, slots=True)
class Steps:
    """The statements of one queue; `claim` returns what `finish` needs, or None when it got nothing."""

    claim: Callable[[], Any]
    finish: Callable[[Any], object]
    create: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Rate:
    """What all clients did in a second. `empty`: claims that got nothing, in all."""

    a_second: float
    p50_ms: float
    p95_ms: float
    empty: int


Connect = Callable[[str], Steps]


def measure(connect: Connect, url: str, seconds: float, *, create: bool = False) -> Rate:
    """Let CLIENTS processes work for so long; the times are those of their claims."""
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(CLIENTS), context.Queue()
    clients = [
        context.Process(target=_work, args=(connect, url, seconds, create, start, results)) for _ in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    parts: list[tuple[list[float], int]] = [results.get(timeout=seconds + 30) for _ in clients]
    for client in clients:
        client.join()
    took = sorted(ms for times, _ in parts for ms in times)
    return Rate(
        a_second=len(took) / seconds,
        p50_ms=took[len(took) // 2],
        p95_ms=took[int(len(took) * 0.95)],
        empty=sum(empty for _, empty in parts),
    )


def _work(connect: Connect, url: str, seconds: float, create: bool, start: Any, results: Any) -> None:
    steps, took, empty = connect(url), list[float](), 0
    start.wait()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if create:
            steps.create()
        began = time.perf_counter()
        claimed = steps.claim()
        if claimed is None:
            empty += 1
            continue
        took.append((time.perf_counter() - began) * 1000)
        steps.finish(claimed)
    results.put((took, empty))


def stolen_tee(url: str, claim: str, create: str, finish: str) -> Steps:
    """Steps of this project's jobs, with connections as its pool makes them."""
    connection = psycopg.connect(url, autocommit=True, prepare_threshold=None)

    def run(statement: str, *values: object) -> Any:
        return connection.execute(statement.encode(), values).fetchone()

    return Steps(
        claim=lambda: run(claim),
        finish=lambda row: run(finish, *row),
        create=lambda: run(create, uuid.uuid4(), f"u{random.randrange(100_000)}", uuid.uuid4()),
    )
