"""Uploads of this checkout compared with those of another one, in turns, each picture to both.

`python -m bench.upload_releases CHECKOUT [ROUNDS]`; both run with this Python, from their own folders. A ratio below 1
means that this checkout is faster.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests

from bench.uploads import WARM_UP, picture
from deploy.local.stack import ROOT

# RunningStack of 9950051 has the same face as today's.
_SERVE = """
import sys, tempfile
from pathlib import Path
from tests.stack import RunningStack
with tempfile.TemporaryDirectory(prefix="stolentee-bench-", dir="/var/tmp") as folder:
    Path(folder).chmod(0o711)
    stack = RunningStack(Path(folder) / "stack")
    stack.start()
    print(stack.address, flush=True)
    sys.stdin.readline()
    stack.stop()
"""


def main(checkout: Path, rounds: int) -> None:
    print(f"load before: {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores")
    with ExitStack() as started:
        here = Caller(started.enter_context(_serve(ROOT)))
        there = Caller(started.enter_context(_serve(checkout)))
        for number in range(WARM_UP + rounds):
            data = picture(number)
            for caller in (here, there) if number % 2 else (there, here):
                caller.upload(data)
    mine, others = here.took_ms[WARM_UP:], there.took_ms[WARM_UP:]
    ratio = statistics.median(a / b for a, b in zip(mine, others, strict=True))
    print(f"POST /api/uploads of a JPEG of a megapixel, medians of {rounds}, in ms")
    print(f"  this checkout      {statistics.median(mine):6.2f}")
    print(f"  the other checkout {statistics.median(others):6.2f}\n  ratio of the pairs {ratio:6.3f}")


class Caller:
    """A guest of one stack, and the milliseconds of its uploads."""

    def __init__(self, address: str) -> None:
        self.took_ms: list[float] = []
        self._address = address
        self._session = requests.Session()
        self._session.trust_env = False

    def upload(self, data: bytes) -> None:
        began = time.perf_counter()
        answer = self._session.post(f"{self._address}/api/uploads", files={"file": ("photo.jpg", data)}, timeout=60)
        self.took_ms.append((time.perf_counter() - began) * 1000)
        answer.raise_for_status()


@contextmanager
def _serve(checkout: Path) -> Iterator[str]:
    """The address of a stack that runs the code of `checkout`."""
    command = [sys.executable, "-c", _SERVE]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=checkout, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin
        assert process.stdout
        yield next(line.strip() for line in process.stdout if line.startswith("http"))
        process.stdin.write("\n")
        process.stdin.flush()


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 400)
