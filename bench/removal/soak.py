"""`make soak`: 400 callers with a 12-megapixel photo for a minute, then 2,000 pictures in a row, for both servers.

`rembg s` runs with a memory limit, because without one it takes all of the machine's.
"""

import statistics
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.removal import pictures, servers
from bench.removal.client import Client, form
from bench.removal.flood import flood
from bench.removal.servers import Server
from services.rembg.weights.optimize import optimize

_SETTLE_S = 60.0
_WARM = 50
_LIMIT_MB = 2048


def main() -> None:
    parser = ArgumentParser(prog="python -m bench.removal.soak", description="Flood the rembg service, and `rembg s`.")
    parser.add_argument("--connections", type=int, default=400)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--only", choices=("ours", "rembg-server"))
    asked = parser.parse_args()
    model, path = ("u2netp", pictures.U2NETP) if pictures.U2NETP.exists() else ("compact", None)
    if asked.only != "rembg-server":
        with optimized(path) as ours, servers.ours(model, ours) as server:
            _flood(server, model, asked.connections, asked.seconds, "/health/live")
            _run_in_a_row(server, model, asked.pictures)
    if asked.only != "ours" and path:
        with servers.rembg_server(model, path, limit_mb=_LIMIT_MB) as server:
            _flood(server, model, asked.connections, asked.seconds, "/openapi.json")
        # A fresh one: the flooded one keeps working for minutes.
        with servers.rembg_server(model, path, limit_mb=_LIMIT_MB) as server:
            _run_in_a_row(server, model, asked.pictures)


@contextmanager
def optimized(path: Path | None) -> Iterator[Path | None]:
    """The network as `make models` leaves it."""
    with tempfile.TemporaryDirectory() as folder:
        if path:
            optimize(path, Path(folder) / path.name)
        yield path and Path(folder) / path.name


def _flood(server: Server, model: str, connections: int, seconds: float, health: str) -> None:
    picture, client = pictures.large(), Client(server, model)
    for _ in range(4):
        client.post(picture)
    time.sleep(3)
    before = server.memory_mb()[0]
    field, fields = ("file", {"model": model}) if server.name == servers.REMBG_SERVER else ("image_file", {})
    body, content_type = form(field, picture, fields)
    observed = flood(server.port, server.path, body, content_type, connections, seconds, health)
    peak = server.memory_mb()[1]
    time.sleep(_SETTLE_S)
    after = server.memory_mb()[0]
    print(f"{server.name}: {connections} callers, {seconds:.0f} s: {observed.row()}", flush=True)
    print(f"{server.name}: memory before {before}, peak {peak}, after {after} MB", flush=True)


def _run_in_a_row(server: Server, model: str, count: int) -> None:
    small, client = list(pictures.fixtures().values()), Client(server, model)
    memory = []
    for index in range(_WARM + count):
        client.post(small[index % len(small)])
        if index >= _WARM and index % 50 == 0:
            memory.append(server.memory_mb()[0])
    print(f"{server.name}: {count} in a row, memory from {memory[0]} to {memory[-1]} MB,", end=" ")
    print(f"slope {slope(memory, 50):.2f} MB per 100 pictures", flush=True)


def slope(values: list[int], step: int) -> float:
    """Of the least-squares line through the values, per 100 pictures."""
    middle = (len(values) - 1) / 2
    mean = statistics.mean(values)
    rise = sum((x - middle) * (y - mean) for x, y in enumerate(values))
    return 100 / step * rise / sum((x - middle) ** 2 for x in range(len(values)))


if __name__ == "__main__":
    main()
