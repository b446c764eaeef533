"""Uploads of browsers while 200 callers wait for a picture, compared with uploads alone: `python -m bench.removebg`.

Both in turns on one running system, uploads at a set rate, every picture another. A caller that gets 503 sends the same
again after Retry-After. `--kill-rembg` kills rembg while they wait, and starts it again after 10 s.
"""

import argparse
import os
import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import requests

from bench.processes import memory_mb
from bench.uploads import picture
from services.api import keys
from shared.db import api_keys
from shared.db.pool import Database
from shared.models.owner import Scope
from tests.stack import RunningStack

_EVERY_S = 0.5  # between two uploads
_ALONE_S = 30  # of uploads alone, in each turn
_AWAY_S = 10
_TRIES = 3
_OFF = dict.fromkeys(
    (
        *("RATE_LIMIT_API", "RATE_LIMIT_UPLOADS", "RATE_LIMIT_PREMIUM_API", "RATE_LIMIT_MEGAPIXELS"),
        *("QUOTA_STORED_MB", "QUOTA_UNFINISHED_JOBS"),
    ),
    "0",
)


def main(callers: int, turns: int, kill: bool) -> None:
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores")
    with started() as stack:
        secret = _key(stack)
        alone: list[float] = []
        beside: list[float] = []
        _uploads(stack, lambda: False, most=10)
        for _ in range(turns):
            alone += _uploads(stack, _after(_ALONE_S))
            beside += _with_callers(stack, secret, callers, kill)
    print(f"\nuploads alone: {_quantiles(alone)}\nbeside {callers} who wait: {_quantiles(beside)}")
    print(f"p95: {_p95(beside) / _p95(alone):.2f} times")


@contextmanager
def started() -> Iterator[RunningStack]:
    with tempfile.TemporaryDirectory(prefix="stolentee-bench-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o711)
        stack = RunningStack(Path(folder) / "stack", **_OFF)
        try:
            stack.start()
            yield stack
        finally:
            stack.stop()


def _key(stack: RunningStack) -> str:
    secret, database = keys.make(), Database(stack.database_url, pool_max=2)
    database.open()
    with database.transaction() as connection:
        api_keys.add(connection, "bench", Scope.PREMIUM, keys.digest(secret))
    database.close()
    return secret


def _with_callers(stack: RunningStack, secret: str, callers: int, kill: bool) -> list[float]:
    """The seconds of each upload while they wait."""
    done, api = threading.Event(), stack.process("api").pid
    with ThreadPoolExecutor(callers + 2) as pool:
        uploads = pool.submit(_uploads, stack, done.is_set)
        killed = pool.submit(_kill, stack) if kill else None
        began = time.monotonic()
        answers = list(pool.map(lambda _: _wait(stack, secret), range(callers)))
        took_s = time.monotonic() - began
        done.set()
        if killed:
            killed.result()
    assert api is not None
    print(f"{callers} callers in {took_s:.0f} s: {dict(Counter(answers))}; the api has {memory_mb(api)[0]} MB")
    return uploads.result()


def _kill(stack: RunningStack) -> None:
    time.sleep(2)
    stack.kill("rembg")
    time.sleep(_AWAY_S)
    stack.bring("rembg")


def _wait(stack: RunningStack, secret: str) -> str:
    sent = {"image_file": ("photo.jpg", picture(random.getrandbits(30)))}
    tries = 0
    with requests.Session() as session:
        session.trust_env = False
        session.headers["X-Api-Key"] = secret
        while True:
            said = session.post(f"{stack.address}/v1.0/removebg", files=sent, timeout=400)
            tries += 1
            if said.status_code != 503 or tries == _TRIES:
                return f"{said.status_code} at try {tries}"
            time.sleep(int(said.headers["Retry-After"]))


def _uploads(stack: RunningStack, over: Callable[[], bool], most: int = 10_000) -> list[float]:
    """The seconds of each upload, from its time in the schedule: a late answer does not delay the next."""
    with ThreadPoolExecutor(32) as pool:
        sent: list[Future[float]] = []
        began = time.monotonic()
        while not over() and len(sent) < most:
            time.sleep(max(0.0, began + len(sent) * _EVERY_S - time.monotonic()))
            sent.append(pool.submit(_upload, stack, picture(random.getrandbits(30)), time.monotonic()))
        return [one.result() for one in sent]


def _upload(stack: RunningStack, data: bytes, due: float) -> float:
    with requests.Session() as session:
        session.trust_env = False
        said = session.post(f"{stack.address}/api/cutouts", files={"file": ("photo.jpg", data)}, timeout=60)
        assert said.status_code == 202, said.text
    return time.monotonic() - due


def _after(seconds: float) -> Callable[[], bool]:
    until = time.monotonic() + seconds
    return lambda: time.monotonic() > until


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[18]


def _quantiles(times: list[float]) -> str:
    return f"median {statistics.median(times) * 1000:.0f} ms, p95 {_p95(times) * 1000:.0f} ms of {len(times)}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--callers", type=int, default=200)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--kill-rembg", action="store_true")
    given = parser.parse_args()
    main(given.callers, given.turns, given.kill_rembg)
