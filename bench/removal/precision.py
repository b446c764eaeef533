"""u2net as `make models` makes it, REMBG_PRECISION=auto, beside `rembg s` with u2net; prints a table.

`MODELS_DIR=... python -m bench.removal.precision [PICTURE ...]`: the same pictures for both in turns, over as many
connections as there are cores; without any, those of pictures.py.
"""

import os
import statistics
import sys
from argparse import ArgumentParser
from dataclasses import dataclass, field
from pathlib import Path

from bench.removal import pictures, servers
from bench.removal.client import rate
from bench.removal.servers import Server
from services.rembg.settings import Model
from services.rembg.weights import Name


@dataclass(frozen=True, slots=True)
class Found:
    """By round: pictures a second, and processor seconds of each; resident MB at most."""

    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)

    def measure(self, server: Server, model: str, data: list[bytes], seconds: float) -> None:
        began = server.processor_s()
        speed, count = rate(server, model, data, len(os.sched_getaffinity(0)), seconds)
        self.rates.append(speed)
        self.costs.append((server.processor_s() - began) / count)
        self.peaks.append(server.memory_mb()[1])


def main() -> int:
    parser = ArgumentParser(prog="python -m bench.removal.precision", description="u2net in auto beside `rembg s`.")
    parser.add_argument("pictures", nargs="*", type=Path, metavar="PICTURE")
    parser.add_argument("--model", type=Name, default=Name.U2NET)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15.0)
    asked = parser.parse_args()
    data = [path.read_bytes() for path in asked.pictures] or list(pictures.fixtures().values())
    folder = Model.read().folder.absolute()
    ours, theirs = Found(), Found()
    with (
        servers.ours(asked.model, None, MODELS_DIR=str(folder), REMBG_PRECISION="auto") as server,
        servers.rembg_server(asked.model, folder / asked.model.file) as other,
    ):
        rate(server, asked.model, data, 1, 3)
        rate(other, asked.model, data, 1, 3)
        for _ in range(asked.rounds):
            ours.measure(server, asked.model, data, asked.seconds)
            theirs.measure(other, asked.model, data, asked.seconds)
    print(f"| {asked.model}, auto | ours | {servers.REMBG_SERVER} | ratio |\n| --- | --- | --- | --- |")
    rows = {
        "pictures a second": (ours.rates, theirs.rates),
        "processor time of each, s": (ours.costs, theirs.costs),
        "resident at most, MB": (ours.peaks[-1:], theirs.peaks[-1:]),
    }
    for name, (mine, peer) in rows.items():
        ratio = statistics.median(a / b for a, b in zip(mine, peer, strict=True))
        print(f"| {name} | {statistics.median(mine):.2f} | {statistics.median(peer):.2f} | **{ratio:.2f}** |")
    print(f"load {os.getloadavg()[0]:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
