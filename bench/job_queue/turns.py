"""One client that goes round all databases, so that the noise of the machine meets each alike."""

import random
import statistics
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.rows import dict_row

from bench.job_queue.statements import CREATE, CREATE_BEFORE, FAIR, FINISH, IN_ORDER

WARM_UP = 20  # turns, in which plans are made and pages read
OWNERS = 100_000


@dataclass(slots=True)
class Took:
    """Milliseconds of each execution, and of the server's processor."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def p50(self) -> float:
        return statistics.median(self.wall)

    def p95(self) -> float:
        return sorted(self.wall)[int(len(self.wall) * 0.95)]

    def processor_p50(self) -> float:
        return statistics.median(self.processor)


class Client:
    """A connection that claims, finishes and creates, and the time that took."""

    def __init__(self, url: str, claim: str, create: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True, row_factory=dict_row, prepare_threshold=None)
        self._processor = Path(f"/proc/{self._connection.info.backend_pid}/schedstat")
        self._claim = claim
        self._create = create
        self.took: dict[str, Took] = {}

    def turn(self) -> None:
        job = self._run("claim", self._claim)
        assert job
        self._run("finish", FINISH, job["id"], job["fence"])
        self._run("create", self._create, uuid.uuid4(), f"u{random.randrange(OWNERS)}", uuid.uuid4())

    def forget(self) -> None:
        self.took.clear()

    def close(self) -> None:
        self._connection.close()

    def _run(self, what: str, statement: str, *values: object) -> dict[str, object] | None:
        took = self.took.setdefault(what, Took())
        before, began = self._processor_ms(), time.perf_counter()
        row = self._connection.execute(statement.encode(), values).fetchone()
        took.wall.append((time.perf_counter() - began) * 1000)
        took.processor.append(self._processor_ms() - before)
        return row

    def _processor_ms(self) -> float:
        return int(self._processor.read_text().split()[0]) / 1e6


def elapsed_ms(work: Callable[[], object]) -> float:
    """The milliseconds that it takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def measure(before: str, urls: Mapping[str, str], turns: int) -> dict[str, dict[str, Took]]:
    """What claims, finishes and creations took in each database; `before` claims by index order, under that name."""
    clients = {"before": Client(before, IN_ORDER, CREATE_BEFORE)}
    clients |= {name: Client(url, FAIR, CREATE) for name, url in urls.items()}
    for turn in range(turns + WARM_UP):
        for client in clients.values():
            if turn == WARM_UP:
                client.forget()
            client.turn()
    for client in clients.values():
        client.close()
    return {name: client.took for name, client in clients.items()}
