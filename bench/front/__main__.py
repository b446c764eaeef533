"""`make bench-front`: the front and two instances under three times what they can do, then under a thousand users.

Prints what was measured beside what is promised. Postgres and Redis are those of `make run`, durable; senders and
servers share this machine, so a machine with little else to do tells the truth.
"""

import asyncio
import os
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.front import overload, users
from deploy.local.postgres_server import Postgres
from deploy.local.supervisor import await_ready
from deploy.local.valkey_server import Valkey
from shared.db import migrate
from tests.deploy.front import PROGRAM, Deployment, deployed
from tests.deploy.senders import Outcome

LIVE_MS = 100
_FRONTS_NICENESS = "-5"  # of a session: three times the weight


def main() -> None:
    parser = ArgumentParser(prog="python -m bench.front")
    parser.add_argument("--seconds", type=float, default=60.0, help="of overload")
    parser.add_argument("--users", type=int, default=1000)
    asked = parser.parse_args()
    if PROGRAM is None:
        raise SystemExit("nginx is not on this machine")
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores")
    with running({}) as deployment:
        _tell_overload(overload.measure(deployment, asked.seconds))
    with running({"RATE_LIMIT_API": "100/15m", "RATE_LIMIT_UPLOADS": "10/h"}) as deployment:
        crowd = users.Crowd(deployment.front.port, asked.users)
        asyncio.run(crowd.come())
    _tell_users(crowd, asked.users)


@contextmanager
def running(settings: dict[str, str]) -> Iterator[Deployment]:
    with tempfile.TemporaryDirectory(prefix="stolentee-bench-", dir="/var/tmp") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o711)
        postgres, redis = Postgres(folder / "postgres"), Valkey(folder / "redis")
        for server in (postgres, redis):
            stack.callback(server.stop)
            server.start()
            await_ready(server)
        migrate.migrate(postgres.url)
        given = {"DATABASE_URL": postgres.url, "REDIS_URL": redis.url} | settings
        deployment = stack.enter_context(deployed(folder, given))
        _favour(deployment)
        yield deployment


def _favour(deployment: Deployment) -> None:
    """Give the front the weight that compose gives its container (cpu_shares); each process here is a session."""
    try:
        Path(f"/proc/{deployment.front.pid}/autogroup").write_text(_FRONTS_NICENESS)
    except OSError as error:
        print(f"the front has no more weight than the others: {error}")


def _tell_overload(seen: overload.Overload) -> None:
    print(f"\nOverload: {overload.TIMES} times the capacity of {seen.peak.rate:.0f} requests/s")
    print(f"  answers {dict(seen.outcome.statuses)}")
    _line("answers of any other status", sum(seen.unexpected.values()), 0, "")
    _line("capacity kept", 100 * seen.goodput.rate / seen.peak.rate, 90, "%", at_least=True)
    kept = seen.goodput.efficiency / seen.peak.efficiency
    _line("the same, of processor time", 100 * kept, 90, "%", at_least=True)
    _line("live, p50", seen.health.percentile(0.5), LIVE_MS, "ms")
    _line("live, p99", seen.health.percentile(0.99), LIVE_MS, "ms")
    _line("live, not answered by 200", len(seen.health.seconds) - seen.health.statuses[200], 0, "")


def _tell_users(crowd: users.Crowd, count: int) -> None:
    total = count * users.REQUESTS
    both = Outcome(crowd.uploads.outcome.statuses + crowd.reads.outcome.statuses)
    both.seconds = crowd.uploads.outcome.seconds + crowd.reads.outcome.seconds
    print(f"\n{count} users x {users.REQUESTS} requests, {users.RATE:.0f} a second; answers {dict(both.statuses)}")
    _line("failed", 100 * crowd.failed / total, 0.1, "%")
    for words, outcome in (("all", both), ("reads", crowd.reads.outcome), ("pictures", crowd.uploads.outcome)):
        _line(f"{words}, mean", 1000 * sum(outcome.seconds) / len(outcome.seconds), 85, "ms")
        _line(f"{words}, p95", outcome.percentile(0.95), 180, "ms")
        _line(f"{words}, p99", outcome.percentile(0.99), 350, "ms")


def _line(what: str, value: float, promised: float, unit: str, *, at_least: bool = False) -> None:
    kept = value >= promised if at_least else value <= promised
    sign = ">=" if at_least else "<="
    print(f"  {what:28} {value:9.2f} {unit:3} {sign} {promised:g}  {'ok' if kept else 'MISSED'}")


if __name__ == "__main__":
    main()
