"""A folder by the command line of batches, beside `rembg p` on the same folder with the same network.

`MODELS_DIR=... python -m bench.batch [PICTURES [COMPARED]]` starts the system with its bundled network, and
- has one picture and then all cut out, and compares the peak memory of every process;
- has all cut out once more for another key, kills the command line in the middle, starts it again, and compares the
  results byte by byte.

With the weights of u2net in that folder it then has 60 cut out by our command line and by `rembg p`, in turns, and
compares pictures a second.

Without a GPU, on as many cores as the machine has. Ours runs the network as deployed, in int8 where that is faster.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

from bench import processes
from bench.removal.pictures import encoded
from bench.removal.servers import rembg_program
from services.api import keys
from services.api.batch import journal
from shared import log
from shared.db import api_keys
from shared.db.pool import Database
from shared.models.owner import Scope
from tests.stack import RunningStack

PICTURES, COMPARED, TURNS = 500, 60, 2
MODEL = "u2net"
MOST_MB, LEAST_RATIO = 50, 1.5
_SERVICES = ("api", "worker", "rembg", "postgres", "redis")
_SOURCES = Path(__file__).parents[1] / "docs" / "pictures"


def main(count: int, compared: int) -> int:
    log.setup("bench", level="ERROR")
    weights = Path(os.environ["MODELS_DIR"]).absolute()
    print(f"{count} pictures, load {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores")
    with tempfile.TemporaryDirectory(prefix="stolentee-bench-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        draw(folder / "in", count)
        with _running(folder / "bundled") as stack:
            bench = Bench(stack, folder)
            kept = [bench.memory(count), bench.resumed()] if count else []
        with _running(folder / "compared", REMBG_MODEL=MODEL, MODELS_DIR=str(weights)) as stack:
            kept.append(Bench(stack, folder).rates(weights, compared))
    return 0 if all(kept) else 1


@contextmanager
def _running(folder: Path, **settings: str) -> Iterator[RunningStack]:
    unlimited = {"RATE_LIMIT_PREMIUM_API": "0", "RATE_LIMIT_PREMIUM_UPLOADS": "0", "PRINT_AFTER_CUTOUT": "false"}
    stack = RunningStack(folder, **unlimited, **settings)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


class Bench:
    def __init__(self, stack: RunningStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self._keys = 0

    def memory(self, count: int) -> bool:
        """Whether no process takes much more memory for all pictures than for one."""
        one = self._folder / "one"
        one.mkdir()
        shutil.copy(next((self._folder / "in").rglob("*.jpg")), one)
        self._run(one, self._folder / "out-one", self._key())
        before = self._peaks(one, self._folder / "out-one-again")
        began = time.monotonic()
        after = self._peaks(self._folder / "in", self._folder / "out")
        seconds = time.monotonic() - began
        print(f"all of them: {seconds:.0f} s, {count / seconds:.2f} a second")
        for name in before:
            more = after[name] - before[name]
            print(f"{name}: {before[name]} MB at its peak with one picture, {after[name]} MB with all ({more:+} MB)")
        return all(after[name] - before[name] <= MOST_MB for name in before)

    def _peaks(self, given: Path, out: Path) -> dict[str, int]:
        pids = {name: self._stack.process(name).pid or 0 for name in _SERVICES}
        for pid in pids.values():
            processes.forget_peak(pid)
        client = self._started(given, out, self._key())
        most = 0
        while client.poll() is None:
            most = max(most, processes.memory_mb(client.pid)[1])
            time.sleep(0.2)
        if client.returncode:
            raise SystemExit((self._folder / "client.txt").read_text())
        return {name: processes.largest_mb(pid) for name, pid in pids.items()} | {"command line": most}

    def resumed(self) -> bool:
        """Whether a run that was killed in the middle leaves the same bytes in the end."""
        out, key = self._folder / "out-killed", self._key()
        client = self._started(self._folder / "in", out, key)
        wanted = results(self._folder / "out")
        while len(results(out)) < len(wanted) // 2:
            assert client.poll() is None
            time.sleep(0.05)
        client.kill()
        client.wait()
        print(f"killed with {len(results(out))} of {len(wanted)} results", flush=True)
        self._run(self._folder / "in", out, key)
        same = results(out) == wanted
        print(f"started again: {len(results(out))} results, {'byte for byte the same' if same else 'NOT the same'}")
        return same

    def rates(self, weights: Path, count: int) -> bool:
        """Whether our command line is as much faster than `rembg p` as it has to be."""
        draw(self._folder / "some", count)
        home = self._folder / "home"
        home.mkdir()
        shutil.copy(weights / f"{MODEL}.onnx", home)
        peer = [str(rembg_program()), "p", "-m", MODEL, str(self._folder / "some")]
        environment = os.environ | {"U2NET_HOME": str(home), "NO_ALBUMENTATIONS_UPDATE": "1"}
        ratios = []
        for turn in range(TURNS):
            began = time.monotonic()
            self._run(self._folder / "some", self._folder / f"ours-{turn}", self._key())
            ours = count / (time.monotonic() - began)
            began = time.monotonic()
            command = [*peer, str(self._folder / f"theirs-{turn}")]
            subprocess.run(command, env=environment, check=True, capture_output=True)
            theirs = count / (time.monotonic() - began)
            assert len(results(self._folder / f"theirs-{turn}")) == count
            ratios.append(ours / theirs)
            print(f"{count} pictures, {MODEL}: ours {ours:.2f} a second, rembg p {theirs:.2f}, ratio {ratios[-1]:.2f}")
        print(
            f"median ratio {median(ratios):.2f}, to be at least {LEAST_RATIO}; load {os.getloadavg()[0]:.1f} at the end"
        )
        return median(ratios) >= LEAST_RATIO

    def _key(self) -> str:
        """A new key: what was made for another is not used again."""
        self._keys += 1
        secret, database = keys.make(), Database(self._stack.database_url)
        database.open()
        with database.transaction() as connection:
            api_keys.add(connection, f"bench {self._keys}", Scope.PREMIUM, keys.digest(secret))
        database.close()
        return secret

    def _started(self, given: Path, out: Path, key: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "services.api.batch", str(given), str(out), "--url", self._stack.address]
        with (self._folder / "client.txt").open("w") as log:
            return subprocess.Popen([*command, "--key", key], stderr=log)

    def _run(self, given: Path, out: Path, key: str) -> None:
        if self._started(given, out, key).wait():
            raise SystemExit((self._folder / "client.txt").read_text())


def draw(folder: Path, count: int) -> None:
    """So many photographs of 480 x 600, each another part of one of ours, in folders of 100."""
    sources = [Image.open(_SOURCES / name).convert("RGB") for name in ("person.jpg", "product.jpg")]
    random = np.random.default_rng(21)
    for number in range(count):
        whole = sources[number % 2]
        scale = random.uniform(0.8, 1)
        width, height = int(whole.width * scale), int(whole.height * scale)
        left, top = random.integers(0, whole.width - width + 1), random.integers(0, whole.height - height + 1)
        part = whole.crop((int(left), int(top), int(left) + width, int(top) + height)).resize((480, 600))
        file = folder / f"{number // 100}" / f"{number:03}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(encoded(part))


def results(out: Path) -> dict[str, bytes]:
    """The files below a folder, by their paths."""
    if not out.exists():
        return {}
    files = [path for path in out.rglob("*.png") if not path.name.startswith(".")]
    return {str(path.relative_to(out)): path.read_bytes() for path in files if path.name != journal.NAME}


if __name__ == "__main__":
    given = list(map(int, sys.argv[1:]))
    sys.exit(main(*given, *(PICTURES, COMPARED)[len(given) :]))
