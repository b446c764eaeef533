"""`make soak`: 400 callers with a 12-megapixel photo for a minute, then 2,000 pictures in a row; both for the peer too.

The peer runs with a cap on its memory, because without one it takes the machine's.
"""

import time
from argparse import ArgumentParser

from bench.removal import pictures, servers
from bench.removal.asking import Caller, form
from bench.removal.flood import flood
from bench.removal.servers import Server

_SETTLE_S = 60.0
_WARM = 50
_LIMIT_MB = 2048


def main() -> None:
    parser = ArgumentParser(prog="python -m bench.removal.soak", description="Flood the rembg service, and its peer.")
    parser.add_argument("--connections", type=int, default=400)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--only", choices=("ours", "peer"))
    asked = parser.parse_args()
    model, path = ("u2netp", pictures.U2NETP) if pictures.U2NETP.exists() else ("compact", None)
    if asked.only != "peer":
        with servers.ours(model, path) as server:
            _flooded(server, model, asked.connections, asked.seconds, "/health/live")
            _in_a_row(server, model, asked.pictures)
    if asked.only != "ours" and path:
        with servers.peer(model, path, limit_mb=_LIMIT_MB) as server:
            _flooded(server, model, asked.connections, asked.seconds, "/openapi.json")
        with servers.peer(model, path, limit_mb=_LIMIT_MB) as server:  # the flooded one works on for minutes
            _in_a_row(server, model, asked.pictures)


def _flooded(server: Server, model: str, connections: int, seconds: float, health: str) -> None:
    picture, caller = pictures.large(), Caller(server, model)
    for _ in range(4):
        caller.ask(picture)
    time.sleep(3)
    before = server.memory_mb()[0]
    field, fields = ("file", {"model": model}) if server.name == "peer" else ("image_file", {})
    body, content_type = form(field, picture, fields)
    seen = flood(server.port, server.path, body, content_type, connections, seconds, health)
    peak = server.memory_mb()[1]
    time.sleep(_SETTLE_S)
    after = server.memory_mb()[0]
    print(f"{server.name}: {connections} callers, {seconds:.0f} s: {seen.row()}", flush=True)
    print(f"{server.name}: memory before {before}, at most {peak}, after {after} MB", flush=True)


def _in_a_row(server: Server, model: str, count: int) -> None:
    small, caller = list(pictures.fixtures().values()), Caller(server, model)
    memory = []
    for index in range(_WARM + count):
        caller.ask(small[index % len(small)])
        if index >= _WARM and index % 50 == 0:
            memory.append(server.memory_mb()[0])
    print(f"{server.name}: {count} in a row, memory from {memory[0]} to {memory[-1]} MB,", end=" ")
    print(f"slope {slope(memory, 50):.2f} MB per 100 pictures", flush=True)


def slope(values: list[int], step: int) -> float:
    """Of the straight line through them by least squares, for 100 pictures."""
    middle = (len(values) - 1) / 2
    mean = sum(values) / len(values)
    rise = sum((x - middle) * (y - mean) for x, y in enumerate(values))
    return 100 / step * rise / sum((x - middle) ** 2 for x in range(len(values)))


if __name__ == "__main__":
    main()
