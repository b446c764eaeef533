"""Orders over HTTP, beside the statements of their transaction alone: `python -m bench.orders [ROUNDS]`.

In turns, within one run and on one durable Postgres: 50 buyers who each send their next order as soon as the one before
is answered, and as many orders replayed by psycopg over as many connections as the api has. Rates depend on what else
the machine does; their ratio does less. While 50 always wait, each waits for 49 others, so a response then takes 50
times what an order does. Its target is therefore for 50 buyers who order once a second each: 129 million a month.

Then each statement about orders is timed among 200,000.
"""

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from bench.catalogue import load
from bench.catalogue import queries as catalogue
from bench.orders import bare, buyers, queries, shopping
from bench.processes import processor_s
from shared import log
from shared.db.pool import Database
from tests.stack import RunningStack

ROUNDS, BUYERS, EACH = 5, 50, 4
CONNECTIONS = 5  # of the api: DATABASE_POOL_MAX
LEAST_RATIO, MOST_P95_MS = 0.5, 300


def main(rounds: int) -> int:
    log.setup("bench", level="ERROR")  # not each slow statement
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores")
    with tempfile.TemporaryDirectory(prefix="stolentee-bench-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with _running(folder) as (stack, database):
            compared = _compare(stack, database, rounds)
            return 0 if _statements(database) and compared else 1


@contextmanager
def _running(folder: Path) -> Iterator[tuple[RunningStack, Database]]:
    stack = RunningStack(folder / "stack", RATE_LIMIT_API="0", DATABASE_POOL_MAX=str(CONNECTIONS))
    try:
        stack.start()
        database = Database(
            stack.database_url, pool_max=CONNECTIONS, statement_s=600
        )  # which loading takes on a busy machine
        database.open()
        yield stack, database
        database.close()
    finally:
        stack.stop()


def _compare(stack: RunningStack, database: Database, rounds: int) -> bool:
    crowd = buyers.add(database, BUYERS, 3 * EACH * (rounds + 1))
    port, pid = urlsplit(stack.address).port, stack.process("api").pid
    assert port
    assert pid
    rates: list[tuple[float, float]] = []
    crowded, paced = load.Outcome(), load.Outcome()
    statuses: Counter[int] = Counter()
    cpu_ms: list[float] = []
    for turn in range(rounds + 1):
        recorded = [bare.record(database, one.customer, one.quotes.pop()) for one in crowd for _ in range(EACH)]
        alone = bare.replay(database, CONNECTIONS, recorded)
        before = processor_s(pid)
        outcome = load.exchange(port, [one.requests(EACH) for one in crowd])
        if turn:  # the first warms both
            rates.append((outcome.rate, alone))
            cpu_ms.append((processor_s(pid) - before) / (BUYERS * EACH) * 1000)
            crowded.seconds += outcome.seconds
            statuses += outcome.statuses
        answers = shopping.shop(port, [one.requests(EACH) for one in crowd])
        if turn:
            paced.seconds += answers.seconds
            statuses += answers.statuses
    ratio = median(http / alone for http, alone in rates)
    print(
        f"{BUYERS} buyers x {EACH} orders of {buyers.LINES} printed lines, {rounds} rounds in turns: {dict(statuses)}"
    )
    print(f"  statements alone   {median(alone for _, alone in rates):6.0f} orders/s")
    print(f"  over HTTP          {median(http for http, _ in rates):6.0f} orders/s")
    print(f"  processor of the api, an order {median(cpu_ms):.1f} ms")
    print(f"  ratio              {ratio:6.2f}  target {LEAST_RATIO}")
    print(f"  p95, always 50 waiting  {crowded.p95_ms:6.0f} ms")
    print(f"  p95, 50 orders a second {paced.p95_ms:6.0f} ms  target {MOST_P95_MS}")
    fine = ratio >= LEAST_RATIO and paced.p95_ms <= MOST_P95_MS and set(statuses) == {201}
    print("both targets are met" if fine else "not every target is met")
    return fine


def _statements(database: Database) -> bool:
    print(f"\n{queries.ORDERS:,} orders of two lines, loaded with the catalogue in {queries.load(database):.0f} s")
    return catalogue.measure(database, queries.about_orders(database))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
