"""The rembg service of this checkout compared with that of another one, in turns: speed, processor time, peak memory.

`python -m bench.removal.releases CHECKOUT [ROUNDS] [SECONDS]`, with U2-NetP on the fixtures, and then once on a picture
of 12 megapixels for the peak of memory. `plain` leaves out what this release does beyond the network's mask.
"""

import os
import statistics
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench.removal import pictures, servers
from bench.removal.client import post_once, rate
from bench.removal.servers import Server
from services.rembg.weights.optimize import optimize

_MODEL = "u2netp"
_PLAIN = "?decontaminate=0&second_pass=0&method=network"


def main(checkout: Path, rounds: int, seconds: float) -> None:
    print(f"load before: {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores")
    small, large = list(pictures.fixtures().values()), pictures.large()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as started:
        optimized = Path(folder) / pictures.U2NETP.name
        optimize(pictures.U2NETP, optimized)  # as `make models` does
        other = started.enter_context(servers.ours(_MODEL, pictures.U2NETP, checkout=checkout))
        plain = started.enter_context(servers.ours(_MODEL, optimized))
        full = started.enter_context(servers.ours(_MODEL, optimized))
        sides = {"the other checkout": other, "plain": replace(plain, path=plain.path + _PLAIN), "all of it": full}
        speeds: dict[str, list[float]] = {name: [] for name in sides}
        costs: dict[str, list[float]] = {name: [] for name in sides}
        for server in sides.values():
            _measure(server, small, 3)
        for _ in range(rounds):
            for name, server in sides.items():
                speed, cost = _measure(server, small, seconds)
                speeds[name].append(speed)
                costs[name].append(cost)
        memory = {name: server.memory_mb()[1] for name, server in sides.items()}
        for server in sides.values():
            post_once(server, _MODEL, large)
        larger = {name: server.memory_mb()[1] for name, server in sides.items()}
    print(f"{'':20}{'pictures/s':>12}{'ratio':>8}{'processor s':>13}{'ratio':>8}{'peak MB':>9}{'12 MP':>7}")
    first = "the other checkout"
    for name in sides:
        speed, cost = (statistics.median(found[name]) for found in (speeds, costs))
        faster, dearer = (
            statistics.median(a / b for a, b in zip(found[name], found[first], strict=True))
            for found in (speeds, costs)
        )
        row = f"{name:20}{speed:12.2f}{faster:8.3f}{cost:13.3f}{dearer:8.3f}{memory[name]:9}{larger[name]:7}"
        print(row)


def _measure(server: Server, small: list[bytes], seconds: float) -> tuple[float, float]:
    """Pictures a second over as many connections as there are cores, and the processor time of each."""
    began = server.processor_s()
    speed, count = rate(server, _MODEL, small, len(os.sched_getaffinity(0)), seconds)
    return speed, (server.processor_s() - began) / count


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    main(
        Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5, float(sys.argv[3]) if len(sys.argv) > 3 else 15
    )
