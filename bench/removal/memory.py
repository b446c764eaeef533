"""The memory of the rembg service, idle and under load, of this checkout and of others, beside the limits.

`MODELS_DIR=... python -m bench.removal.memory [CHECKOUT ...]` runs u2net in float and, where its quantized file is
there, in int8, under gunicorn as deployed. Idle is some seconds after the start, and again after the load, which is one
4-megapixel picture after another over as many connections as there are cores. Sizes are resident MB (2^20), summed over
gunicorn's two processes, which counts pages that both map twice.
"""

import os
import sys
import time
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path

from bench import processes
from bench.removal import pictures, servers
from bench.removal.client import rate
from bench.removal.servers import Server
from services.rembg.settings import Model
from services.rembg.weights import Name, Precision

_SIDES = (2000, 2000)
_SETTLED_S = 12.0
_PROMISED = {Precision.FLOAT: (540, 700), Precision.INT8: (260, 420)}  # of u2net: idle, under load


@dataclass(frozen=True, slots=True)
class Sizes:
    start: int  # peak until it is idle for the first time
    idle: int
    load: int  # peak
    after: int  # idle again
    per_second: float

    def row(self) -> str:
        return f"{self.start:8}{self.idle:8}{self.load:8}{self.after:8}{self.per_second:12.2f}"


def main() -> int:
    parser = ArgumentParser(prog="python -m bench.removal.memory", description="The memory of the rembg service.")
    parser.add_argument("checkouts", nargs="*", type=Path, metavar="CHECKOUT")
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    folder = Model.read().folder.absolute()
    load = [pictures.encoded(pictures.drawn(_SIDES, seed)) for seed in range(4)]
    print(f"{'':28}{'start':>8}{'idle':>8}{'load':>8}{'after':>8}{'pictures/s':>12}")
    for precision, (idle, peak) in _PROMISED.items():
        if precision is Precision.INT8 and not (folder / f"{Name.U2NET}.int8.onnx").is_file():
            continue
        for checkout in (*asked.checkouts, None):
            with servers.ours(
                Name.U2NET, None, checkout=checkout, REMBG_PRECISION=precision.value, MODELS_DIR=str(folder)
            ) as server:
                sizes = _measure(server, load, asked.seconds)
            print(f"{precision:7}{checkout or 'this checkout'!s:21}{sizes.row()}", flush=True)
        print(f"{precision:7}{'limit':21}{'':8}{idle:8}{peak:8}{idle:8}")
    return 0


def _measure(server: Server, load: list[bytes], seconds: float) -> Sizes:
    time.sleep(_SETTLED_S)
    start, idle = server.memory_mb()[1], server.memory_mb()[0]
    processes.forget_peak(server.process.pid)
    speed, _ = rate(server, Name.U2NET, load, len(os.sched_getaffinity(0)), seconds)
    peak = server.memory_mb()[1]
    time.sleep(_SETTLED_S)
    return Sizes(start, idle, peak, server.memory_mb()[0], speed)


if __name__ == "__main__":
    sys.exit(main())
