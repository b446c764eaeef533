"""The catalogue under load, beside a Flask view that returns the same bytes, and its statements at a large scale.

Run `python -m bench.catalogue [ROUNDS]`. Both answer through gunicorn with the same settings, in turns: a thousand
connections with ten requests each. Requests a second depend on what else the machine does; processor time does less.
"""

import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import requests

from bench.catalogue import load, queries
from bench.processes import processor_s
from deploy.local import ports
from deploy.local.service import Service
from deploy.local.stack import ROOT
from deploy.local.supervisor import await_ready
from shared import log
from shared.db import products
from shared.db.pool import Database
from tests.stack import RunningStack

ROUNDS = 5
CONNECTIONS, EACH = 1000, 10
HERD = 500
FACETS, FACETS_MS = 200, 5
PATH = "/api/products"
LEAST_RATE, LEAST_RATE_304, MOST_P95 = 0.7, 0.9, 1.5  # of the bare view's
_SERVER = (sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "bench.catalogue.bare:app")


@dataclass(slots=True)
class Side:
    """Something that is asked in turns with others."""

    port: int
    pid: int
    request: bytes
    outcomes: list[load.Outcome] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)

    def ask(self) -> None:
        before = processor_s(self.pid)
        self.outcomes.append(load.send(self.port, CONNECTIONS, EACH, [self.request]))
        self.cpu_us.append((processor_s(self.pid) - before) / (CONNECTIONS * EACH) * 1e6)

    def of(self, bare: "Side") -> tuple[float, float, float]:
        """Rate, p95 and processor time as multiples of the bare view's, medians of the rounds."""
        pairs = list(zip(self.outcomes, bare.outcomes, strict=True))
        return (
            median(ours.rate / theirs.rate for ours, theirs in pairs),
            median(ours.p95_ms / theirs.p95_ms for ours, theirs in pairs),
            median(ours / theirs for ours, theirs in zip(self.cpu_us, bare.cpu_us, strict=True)),
        )


def main(rounds: int) -> int:
    log.setup("bench", level="ERROR")  # not each slow statement
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores")
    with tempfile.TemporaryDirectory(prefix="stolentee-bench-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with _running(folder) as (stack, database):
            rows = _statements(database)
            compared = _compare(stack, folder, rounds)
            herd = _herd(stack, database)
            facets = _facets(stack)
            survived = _without_redis(stack)
    fine = all((rows, compared, herd, facets, survived))
    print("every bound is kept" if fine else "not every bound is kept")
    return 0 if fine else 1


@contextmanager
def _running(folder: Path) -> Iterator[tuple[RunningStack, Database]]:
    stack = RunningStack(folder / "stack", OPS_TOKEN="")
    try:
        stack.start()
        database = Database(stack.database_url, statement_s=300)
        database.open()
        yield stack, database
        database.close()
    finally:
        stack.stop()


def _statements(database: Database) -> bool:
    print(
        f"\n{queries.PRODUCTS:,} products of {queries.VARIANTS_EACH} variants, loaded in {queries.load(database):.0f} s"
    )
    return queries.measure(database, queries.queries(database))


def _compare(stack: RunningStack, folder: Path, rounds: int) -> bool:
    port, pid = _port(stack), stack.process("api").pid
    first = requests.get(f"{stack.address}{PATH}", timeout=30, headers={"Accept-Encoding": "identity"})
    (folder / "body.json").write_bytes(first.content)
    with _bare(folder) as plain:
        assert pid
        assert plain.pid
        bare = Side(plain.port, plain.pid, load.get(PATH))
        cached = Side(port, pid, load.get(PATH))
        zipped = Side(port, pid, load.get(PATH, "Accept-Encoding: gzip, deflate, br, zstd"))
        unchanged = Side(port, pid, load.get(PATH, f"If-None-Match: {first.headers['ETag']}"))
        sides = {"a bare Flask view": bare, "cached": cached, "cached, compressed": zipped, "304": unchanged}
        for side in list(sides.values()) * rounds:
            side.ask()
    print(
        f"\n{CONNECTIONS:,} connections x {EACH} requests of {len(first.content):,} bytes, medians of {rounds} rounds"
    )
    for name, side in sides.items():
        _print_side(name, side, bare)
    return _kept(cached, bare, LEAST_RATE) and _kept(unchanged, bare, LEAST_RATE_304)


def _print_side(name: str, side: Side, bare: Side) -> None:
    rate, p95, cpu = side.of(bare)
    statuses = sum((outcome.statuses for outcome in side.outcomes), start=type(side.outcomes[0].statuses)())
    print(
        f"  {name:20} {median(outcome.rate for outcome in side.outcomes):6.0f}/s ({rate:.2f} of bare)"
        f"  p95 {median(outcome.p95_ms for outcome in side.outcomes):5.0f} ms ({p95:.2f})"
        f"  processor {median(side.cpu_us):4.0f} us ({cpu:.2f})  {dict(statuses)}"
    )


def _kept(side: Side, bare: Side, least: float) -> bool:
    rate, p95, _ = side.of(bare)
    return rate >= least and p95 <= MOST_P95 and not any(outcome.failed for outcome in side.outcomes)


@contextmanager
def _bare(folder: Path) -> Iterator[Service]:
    port = ports.free()
    told = {"PORT": str(port), "BIND_HOST": ports.LOCAL, "PATH": os.defpath, "TMPDIR": str(folder)}
    plain = Service("bare", _SERVER, port=port, environment=told, folder=ROOT, output=folder / "bare.log")
    try:
        plain.start()
        await_ready(plain)
        yield plain
    finally:
        plain.stop()


def _herd(stack: RunningStack, database: Database) -> bool:
    """Everyone asks for a page that nothing holds yet."""
    with database.transaction() as connection:
        products.renew_version(connection)
    requests.get(f"{stack.address}/api/facets", timeout=30, headers={"Cache-Control": "no-cache"})
    before = _computed(stack)
    outcome = load.send(_port(stack), HERD, 1, [load.get(PATH)])
    computed = _computed(stack) - before
    print(f"\n{HERD} at once for a page that is not there: computed {computed:.0f} times, {outcome.failed} failed")
    return computed == 1 and not outcome.failed


def _facets(stack: RunningStack) -> bool:
    """Counts over all variants, as a visitor gets them."""
    outcome = load.send(_port(stack), 1, FACETS, [load.get("/api/facets")])
    typical = median(outcome.seconds) * 1000
    print(f"facets, {FACETS} requests one after the other: median {typical:.1f} ms, p95 {outcome.p95_ms:.1f} ms")
    return typical < FACETS_MS and not outcome.failed


def _without_redis(stack: RunningStack) -> bool:
    """Redis is killed while pages are asked for that are partly new."""
    wanted = _pages(stack)
    killer = threading.Timer(0.5, stack.kill, ["redis"])
    killer.start()
    outcome = load.send(_port(stack), CONNECTIONS, EACH, wanted)
    killer.join()
    print(
        f"Redis killed in the middle of {CONNECTIONS * EACH:,} requests of {len(wanted)} pages: {outcome.failed} failed"
    )
    return not outcome.failed


def _pages(stack: RunningStack) -> Sequence[bytes]:
    items = requests.get(f"{stack.address}{PATH}?limit=100", timeout=30).json()["items"]
    paths = [f"{PATH}/{item['slug']}" for item in items] + [f"{PATH}?limit={number}" for number in range(1, 100)]
    return [load.get(path) for path in paths]


def _computed(stack: RunningStack) -> float:
    lines = requests.get(f"{stack.address}/metrics", timeout=30).text.splitlines()
    wanted = 'stolentee_cache_reads_total{cache="catalogue",layer="computed"}'
    return next((float(line.split()[1]) for line in lines if line.startswith(wanted)), 0.0)


def _port(stack: RunningStack) -> int:
    return stack.settings.api_port


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
