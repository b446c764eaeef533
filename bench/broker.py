"""What the queue costs: Redis commands idle and a job, from commit to start, overhead of a job, leaving when idle.

Run `python -m bench.broker [WINDOW_S]`. The system runs as `make run` would, durable, with a second worker.
An idle worker polls Redis once in 300 seconds, which a shorter window may miss: these polls are calculated, and only
the rest is measured and extrapolated. Health is probed every ten seconds, as a platform does.
"""

import io
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
import redis
from PIL import Image

from deploy.local.api_client import SAMPLE, ApiClient, Outcome
from deploy.local.service import Service, health
from deploy.local.supervisor import await_ready
from shared import broker
from tests.stack import RunningStack

WINDOW_S = 120.0
JOBS = 40
WARM_UP = 5
SIZE = (800, 625)  # 0.5 megapixels
_DAY_S = 86_400
_OURS = ("info", "auth", "hello", "client|setinfo", "client|setname", "select", "ping")  # of the measuring connection


@dataclass(frozen=True, slots=True)
class Figure:
    what: str
    value: float
    target: float
    unit: str
    remark: str = ""

    def line(self) -> str:
        verdict = "ok" if self.value <= self.target else "MISSED"
        return f"{self.what:44} {self.value:8.1f} {self.unit:8} {self.target:6.0f}  {verdict:7} {self.remark}"


def main(window_s: float) -> None:
    with started() as (stack, second), redis.Redis.from_url(stack.redis_url) as client:
        caller = stack.caller()
        for number in range(WARM_UP):
            caller.cut_out(picture(number), "warm-up.jpg")
        figures = [idle(client, stack, second, window_s), *jobs(client, stack, caller), stopping(stack)]
    print(f"\n{'':44} {'measured':>8} {'':8} {'target':>6}")
    for figure in figures:
        print(figure.line())


@contextmanager
def started() -> Iterator[tuple[RunningStack, Service]]:
    """The system and the second worker."""
    with tempfile.TemporaryDirectory(prefix="stolentee-bench-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o711)
        stack = RunningStack(Path(folder) / "stack")
        try:
            stack.start()
            second = stack.another("worker")
            try:
                second.start()
                await_ready(second)
                yield stack, second
            finally:
                second.stop()
        finally:
            stack.stop()


def idle(client: "redis.Redis", stack: RunningStack, second: Service, window_s: float) -> Figure:
    """Commands per day without jobs."""
    time.sleep(5)  # until start and jobs have settled
    probed = [stack.settings.api_port, stack.settings.rembg_port, stack.settings.worker_port, second.port]
    before, began = calls(client), time.monotonic()
    while time.monotonic() - began < window_s:
        for port in probed:
            assert health(port, "/health/ready") == 200
        time.sleep(min(10.0, window_s))
    seen = difference(before, calls(client))
    took_s = time.monotonic() - began
    polls = 2 * _DAY_S / broker.POLL_S
    others = sum(count for name, count in seen.items() if name != "brpop") * _DAY_S / took_s
    return Figure("Redis commands a day, idle, two workers", polls + others, 700, "", f"seen in {took_s:.0f} s: {seen}")


def jobs(client: "redis.Redis", stack: RunningStack, caller: ApiClient) -> list[Figure]:
    """Commands a job, commit to start, and overhead, of jobs one after another."""
    before = calls(client)
    outcomes = [caller.cut_out(picture(WARM_UP + number), "shirt.jpg") for number in range(JOBS)]
    seen = difference(before, calls(client))
    starts = start_ms(stack, [UUID(outcome.job["id"]) for outcome in outcomes])
    spent = overheads(stack, outcomes)
    steps = {
        name: statistics.median(outcome.job["timings"][name] for outcome in outcomes)
        for name in ("queuedMs", "fetchMs", "removeMs", "storeMs", "totalMs")
    }
    return [
        Figure("Redis commands a job", sum(seen.values()) / JOBS, 8, "", str(seen)),
        Figure("commit to start of work, p95", percentile(starts, 95), 25, "ms", f"p50 {percentile(starts, 50):.1f}"),
        Figure("overhead of a 0.5 MP job, p50", percentile(spent, 50), 60, "ms", f"medians: {steps}"),
    ]


def stopping(stack: RunningStack) -> Figure:
    """From SIGTERM to gone, idle, the slower of three."""
    slowest_s = 0.0
    for _ in range(3):
        time.sleep(1)
        began = time.monotonic()
        stack.halt("worker")
        slowest_s = max(slowest_s, time.monotonic() - began)
        stack.bring("worker")
    return Figure("an idle worker leaves on SIGTERM, slowest of 3", slowest_s, 3, "s")


def start_ms(stack: RunningStack, ids: list[UUID]) -> list[float]:
    """From the transaction that accepts a job, its commit included, to the one that claims it."""
    with psycopg.connect(stack.database_url) as connection:
        rows = connection.execute(
            "select extract(epoch from started_at - created_at)::float * 1000 from jobs where id = any(%s)", [ids]
        ).fetchall()
    return [row[0] for row in rows]


def overheads(stack: RunningStack, outcomes: list[Outcome]) -> list[float]:
    """Of each job: its total time less the time that rembg logged for it."""
    time.sleep(0.5)  # rembg's last line
    own_ms: dict[str, float] = {}
    called: dict[str, str] = {}  # the id of the request that created a job
    for line in stack.log.read_text().splitlines():
        facts = dict(word.split("=", 1) for word in line.split() if "=" in word)
        if " rembg " in line and facts.get("route") == "/remove":
            own_ms[facts["request_id"]] = float(facts["ms"])
        if "job_id" in facts:
            called[facts["job_id"]] = facts["request_id"]
    return [outcome.job["timings"]["totalMs"] - own_ms[called[outcome.job["id"]]] for outcome in outcomes]


def picture(number: int) -> bytes:
    """The sample at half a megapixel, with a corner of its own."""
    with Image.open(SAMPLE) as image:
        small = image.convert("RGB").resize(SIZE)
    small.paste((number * 5 % 256, 255 - number * 5 % 256, 0), (0, 0, 16, 16))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=92)
    return out.getvalue()


def calls(client: "redis.Redis") -> dict[str, int]:
    """Calls of each command so far, without those of the measurement."""
    stats = client.info("commandstats")
    return {
        name.removeprefix("cmdstat_"): fields["calls"]
        for name, fields in stats.items()
        if name.removeprefix("cmdstat_") not in _OURS
    }


def difference(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: count - before.get(name, 0) for name, count in after.items() if count > before.get(name, 0)}


def percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else WINDOW_S)
