"""Trace one real upload through api and worker, and count the calls between our modules.

Run `python -m bench.trace_upload`. Everything is real (gunicorn, Celery, rembg, Postgres, Redis, HTTP), and the upload
before the traced one has warmed everything up. To trace an older commit, copy this file and `bench/tracing` into a
worktree of it. The api's decoder is not traced: it inherits no environment. It reads each picture once more.

    calls           a function of one module is called while a function of another waits, directly or through a library
    entered again   a module is called back by one that it waits for; modules that serve all others are left out
    parsed again    a parser gets the bytes of the same picture again
    transactions    of the upload itself: not of sweeps and renewals, and the script looks at the job in Postgres

    commit      calls    entered again    parsed again    transactions
    9950051       172                7               2     11 (api 3, worker 8)
    this one      119                0               0      6 (api 2, worker 4)

Five of the calls queue the print edges that follow, in the transaction that ends the cut-out, and wake a worker for
them. What they do then is another worker's here.
"""

import io
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import requests
from PIL import Image

from tests.stack import RunningStack

_TRACER = Path(__file__).parent / "tracing"
_WAIT_S = 60
_SETTLE_S = 0.5  # for what the processes still do after the job has ended
_BESIDE = ("routine", "periodic", "health", "probe", "health_server", "events")  # not for the upload
_INFRASTRUCTURE = ("errors", "failpoints", "log", "metrics", "models", "pool", "settings", "timeouts", "deadlines")
_PARSERS = ("imagefile", "image_format", "fast_png")


@dataclass(frozen=True, slots=True)
class Call:
    """A call of one of our functions. `stack` holds the modules from the outermost to the one called."""

    process: str
    thread: str
    stack: list[str]
    function: str
    picture: str | None

    @property
    def module(self) -> str:
        return self.stack[-1]

    @property
    def pair(self) -> tuple[str, str] | None:
        """Caller and callee, where they are different modules."""
        caller = self.stack[-2] if len(self.stack) > 1 else self.module
        return (caller, self.module) if caller != self.module else None

    @property
    def reentry(self) -> tuple[str, str] | None:
        """Caller and callee, where the callee is waiting for the caller."""
        waits = self.module in self.stack[:-2] and self.pair and not _named(self.module, _INFRASTRUCTURE)
        return self.pair if waits else None


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="stolentee-trace-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        report(traced(folder))


def traced(folder: Path) -> list[Call]:
    """The calls of one upload, from the request to the end of its job."""
    traced = {"PYTHONPATH": str(_TRACER), "TRACE_FOLDER": str(folder)}
    stack = RunningStack(folder / "stack", WORKER_QUEUES="jobs", PRINT_AFTER_CUTOUT="true", **traced)
    try:
        stack.start()
        upload(stack, picture(1))
        (folder / "on").touch()
        upload(stack, picture(2))
        time.sleep(_SETTLE_S)
        (folder / "on").unlink()
    finally:
        stack.stop()
    lines = (line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines())
    calls = [Call(**json.loads(line)) for line in lines]
    return [call for call in calls if not any(_named(module, _BESIDE) for module in call.stack)]


def upload(stack: RunningStack, data: bytes) -> None:
    """Send a picture and wait for its cut-out, asking nothing of the services meanwhile."""
    job_id = sent(stack.address, data)["id"]
    until = time.monotonic() + _WAIT_S
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        while (row := connection.execute("select status from jobs where id = %s", [job_id]).fetchone()) != ("done",):
            if time.monotonic() > until:
                raise SystemExit(f"the job has not ended: {row}")
            time.sleep(0.02)


def sent(address: str, data: bytes) -> dict[str, Any]:
    answer = requests.post(f"{address}/api/cutouts", files={"file": ("photo.jpg", data)}, timeout=60)
    answer.raise_for_status()
    return dict(answer.json())


def picture(number: int) -> bytes:
    """The sample at a megapixel, with a corner of its own."""
    with Image.open("deploy/local/sample.jpg") as image:
        small = image.convert("RGB").resize((1000, 1000))
    small.paste((number, number, number), (0, 0, 16, 16))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=92)
    return out.getvalue()


def report(calls: list[Call]) -> None:
    pairs = Counter((call.process, *call.pair) for call in calls if call.pair)
    _table("calls between our modules", {f"{p:8} {a} -> {b}": n for (p, a, b), n in pairs.items()})
    again = Counter(call.reentry for call in calls if call.reentry)
    _table("modules entered again while they wait", {f"{b} by {a}": n for (a, b), n in again.items()})
    parsed = Counter(f"{call.module}.{call.function} of {call.picture}" for call in calls if _parses(call))
    _table("functions that parse the same picture again", {what: n for what, n in parsed.items() if n > 1})
    _table("transactions", Counter(c.process for c in calls if c.function == "transaction"))


def _parses(call: Call) -> bool:
    return call.picture is not None and call.pair is not None and _named(call.module, _PARSERS)


def _named(module: str, names: Iterable[str]) -> bool:
    return not set(names).isdisjoint(module.split("/"))


def _table(title: str, counts: Mapping[str, int]) -> None:
    print(f"\n{title}: {sum(counts.values())}")
    for what, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        print(f"  {count:4}  {what}")


if __name__ == "__main__":
    main()
