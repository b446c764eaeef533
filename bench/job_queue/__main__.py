"""`python -m bench.job_queue [JOBS [CYCLES]]`: every figure of the queue beside its target, in one run.

A durable Postgres of its own, as `make run` has it, with three shapes of a long queue beside the schema of the release
before. Peers are compared if PEERS_PYTHON names the Python of an environment with pgqueuer 1.6 and procrastinate 3.10.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg

from bench.job_queue import claimers, cycles, fairness, filling, statements, turns
from bench.job_queue.filling import Shape
from deploy.local.postgres_server import Postgres
from deploy.local.supervisor import await_ready
from shared.db import job_queue, job_report
from shared.db.pool import Database
from shared.models.job import Queue

JOBS, OWNERS = 1_000_000, 100_000
TURNS = 300
RATE_S, ROUNDS = 5.0, 3  # of each queue, in turns
FAIR_S = 10.0
FLOOD = 100_000
CYCLES = 300_000
SHAPES: tuple[Shape, ...] = ("even", "skew", "busy")


def main(waiting: int, cycled: int) -> None:
    with server() as url:
        before = filling.database(url, "before", before=True)
        filling.fill(before, waiting, OWNERS, "even")
        shapes: dict[str, str] = {shape: filling.database(url, shape) for shape in SHAPES}
        for shape in SHAPES:
            filling.fill(shapes[shape], waiting, OWNERS, shape)
        single(before, shapes)
        counts(before, shapes)
        rates(url, shapes["even"], waiting)
        print(fairness.measure(filling.database(url, "fair"), FAIR_S), "(target: over 0)")
        behind = fairness.newcomer(filling.database(url, "flood"), FLOOD)
        print(f"a newcomer behind {FLOOD:,} jobs of one owner starts at claim {behind} (target 1)")
        hygiene(url, cycled)


@contextmanager
def server() -> Iterator[str]:
    """A server's URL without a database's name."""
    with tempfile.TemporaryDirectory(prefix="stolentee-bench-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o711)
        postgres = Postgres(Path(folder) / "postgres")
        postgres.start()
        try:
            await_ready(postgres)
            yield postgres.url.rpartition("/")[0]
        finally:
            postgres.stop()


def single(before: str, shapes: dict[str, str]) -> None:
    """One client: wall time and the server's processor time, and their ratios to the release before."""
    took = turns.measure(before, shapes, TURNS)
    for name, steps in took.items():
        for step, each in steps.items():
            base = took["before"][step]
            print(
                f"{name:7} {step:7} p50 {each.p50():6.2f} ms (x{each.p50() / base.p50():.2f})  "
                f"p95 {each.p95():6.2f} (x{each.p95() / base.p95():.2f})  "
                f"processor {each.processor_p50():5.2f} (x{each.processor_p50() / base.processor_p50():.2f})"
            )
    print("targets: claim p50 x1.6, p95 x2.5; create and finish x1.5\n")


def counts(before: str, shapes: dict[str, str]) -> None:
    """The sweep's two questions, the fastest of five."""
    with psycopg.connect(before, autocommit=True) as connection:
        for name, statement in (("overdue", statements.OVERDUE_BEFORE), ("depth", statements.DEPTH_BEFORE)):
            print(f"before  {name:7} {_best(partial(connection.execute, statement)):7.1f} ms")
    for shape, url in shapes.items():
        database = Database(url)
        database.open()
        with database.transaction() as connection:
            overdue = _best(partial(job_queue.overdue, connection, Queue.CUTOUTS, 0.5, 200))
            depth = _best(partial(job_report.depths, connection))
        database.close()
        print(f"{shape:7} overdue {overdue:7.1f} ms (target 7)   depth {depth:7.1f} ms (target 5)")
    print()


def rates(url: str, even: str, waiting: int) -> None:
    """CLIENTS clients: claims a second, and whole cycles, of each queue in turns."""
    ours = partial(claimers.stolen_tee, claim=statements.FAIR, create=statements.CREATE, finish=statements.FINISH)
    python = os.environ.get("PEERS_PYTHON")
    peers = ["procrastinate", "pgqueuer"] if python else []
    for name in peers:
        peer = filling.empty(url, name)
        subprocess.run([str(python), "-m", "bench.job_queue.peers", name, peer, str(waiting), "0"], check=True)
    for create in (False, True):
        seen: dict[str, list[claimers.Rate]] = {}
        for _ in range(ROUNDS):
            seen.setdefault("ours", []).append(claimers.measure(ours, even, RATE_S, create=create))
            for name in peers:
                seen.setdefault(name, []).append(_peer(str(python), name, f"{url}/{name}", create=create))
        _print_rates("create, claim, finish" if create else "claim, finish", seen)
    print("targets: 1.5 times pgqueuer's claims, 0.55 times procrastinate's (goal 0.7)\n")


def _print_rates(what: str, seen: dict[str, list[claimers.Rate]]) -> None:
    ours = statistics.median(rate.a_second for rate in seen["ours"])
    for name, parts in seen.items():
        median = statistics.median(rate.a_second for rate in parts)
        p95_ms = statistics.median(rate.p95_ms for rate in parts)
        empty = sum(rate.empty for rate in parts)
        print(
            f"{what:22} {name:14} {median:5.0f}/s  claim p95 {p95_ms:5.1f} ms  empty {empty}  ours x{ours / median:.2f}"
        )


def _peer(python: str, name: str, url: str, *, create: bool) -> claimers.Rate:
    command = [python, "-m", "bench.job_queue.peers", name, url, "0", str(RATE_S), *(["create"] if create else [])]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return claimers.Rate(**json.loads(said))


def hygiene(url: str, cycled: int) -> None:
    """Sizes and claims through the cycles, on a tenth of the jobs."""
    database = filling.database(url, "cycles")
    filling.fill(database, JOBS // 10, OWNERS // 10, "even")
    for name, part in zip(("before", "beside", "after"), cycles.measure(database, cycled), strict=True):
        sizes = ", ".join(f"{table} {size:.0f} MB" for table, size in part.sizes.items())
        print(
            f"{name} the snapshot, {part.cycles:,} cycles: claim p50, p95 {part.first_ms} -> {part.last_ms} ms; {sizes}"
        )
    print("targets: sizes level off; p95 x1.3 from beginning to end")


def _best(work: Callable[[], object]) -> float:
    """Milliseconds of the fastest of five."""
    return min(turns.elapsed_ms(work) for _ in range(5))


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*given, *(JOBS, CYCLES)[len(given) :])
