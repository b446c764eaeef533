"""`make bench-rembg`: our service compared with `rembg s`; prints ratios, writes docs/benchmarks.md and its chart.

Both run the same network file on the same pictures, posted as the same form by the same client. Rounds alternate, so
that other load on the machine affects both; the ratio is the median over the rounds. Processor time per picture hardly
depends on other load.
"""

import contextlib
import os
import shutil
import statistics
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from bench.removal import edges, pictures, report, servers, steps
from bench.removal.client import post_once, rate
from bench.removal.servers import Server
from services.rembg.weights import Precision
from services.rembg.weights.optimize import optimize

_MODEL = "u2netp"
_REPEATS = 3  # of measuring the other networks


@dataclass(frozen=True, slots=True)
class Pair:
    """The same measurement of both servers, by round."""

    name: str
    ours: list[float]
    rembg_server: list[float]
    unit: str
    target: str

    @property
    def better(self) -> str:
        return "higher" if self.unit.endswith("/s") else "lower"

    @property
    def ratio(self) -> float:
        return statistics.median(a / b for a, b in zip(self.ours, self.rembg_server, strict=True))

    def row(self) -> list[str]:
        ours, other = statistics.median(self.ours), statistics.median(self.rembg_server)
        return [
            self.name,
            f"{ours:.2f} {self.unit}",
            f"{other:.2f} {self.unit}",
            f"**{self.ratio:.2f}**",
            self.better,
            self.target,
        ]


@dataclass(frozen=True, slots=True)
class Served:
    """Throughput and cost of the service with one network, and the cost of the bare steps just before each round."""

    network: str
    rates: list[float]
    costs: list[float]
    bares: list[Mapping[str, float]]

    @property
    def bare(self) -> dict[str, float]:
        return {step: statistics.median(bare[step] for bare in self.bares) for step in self.bares[0]}

    def row(self, cores: int) -> list[str]:
        sums = [sum(bare.values()) for bare in self.bares]
        achieved = statistics.median(rate * bare_s / cores for rate, bare_s in zip(self.rates, sums, strict=True))
        share = statistics.median(bare_s / cost_s for cost_s, bare_s in zip(self.costs, sums, strict=True))
        bare_s, most = statistics.median(sums), max(self.bare, key=self.bare.__getitem__)
        return [
            self.network,
            f"{statistics.median(self.rates):.2f} of {cores / bare_s:.2f} possible (**{achieved:.0%}**)",
            f"{statistics.median(self.costs) * 1000:.0f} ms",
            f"{bare_s * 1000:.0f} ms (**{share:.0%}**)",
            f"{most}, {self.bare[most] / bare_s:.0%}",
        ]


def main() -> None:
    parser = ArgumentParser(prog="python -m bench.removal", description="Compare the rembg service with `rembg s`.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=15.0, help="per round of throughput")
    parser.add_argument("--int8", type=Path, help="u2netp as `python -m services.rembg.weights.quantize` makes it")
    asked = parser.parse_args()
    if not pictures.U2NETP.exists():
        raise SystemExit(f"{pictures.U2NETP} is needed: the network both servers run")
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        optimized = Path(folder) / pictures.U2NETP.name
        optimize(pictures.U2NETP, optimized)  # as `make models` does
        start = _start(optimized, asked.rounds)
        compared, bares = _side_by_side(optimized, asked.rounds, asked.seconds)
    pairs = [*start, *compared]
    served = [Served("U2-NetP, float", compared[0].ours, compared[1].ours, bares)]
    if asked.int8:
        served.append(_quantized(asked.int8, asked.seconds))
    served.append(_served("compact", "compact", None, asked.seconds))
    report.write(pairs, served, load)


def _quantized(file: Path, seconds: float) -> Served:
    """Put the int8 file beside the float network, where the service looks for it."""
    with tempfile.TemporaryDirectory() as folder:
        network = Path(folder) / pictures.U2NETP.name
        shutil.copy(pictures.U2NETP, network)
        shutil.copy(file, Path(folder) / f"{network.stem}.int8.onnx")
        return _served("U2-NetP, int8", _MODEL, network, seconds, Precision.INT8)


def _served(
    title: str, model: str, path: Path | None, seconds: float, precision: Precision = Precision.FLOAT
) -> Served:
    small, cores = list(pictures.fixtures().values()), len(os.sched_getaffinity(0))
    with servers.ours(model, path, REMBG_PRECISION=precision.value) as server:
        rate(server, model, small, cores, 3)
        found = [
            (steps.bare(cores, path, small, precision), *_throughput(server, small, cores, seconds / _REPEATS))
            for _ in range(_REPEATS)
        ]
    bares, rates, costs = zip(*found, strict=True)
    return Served(title, list(rates), list(costs), list(bares))


def _start(optimized: Path, rounds: int) -> list[Pair]:
    """From the command to the first cut-out: of a caller that keeps retrying, and of one that waits for readiness."""
    pairs = []
    names = {False: ("start to first cut-out", "at most 0.5"), True: ("the same, asked only once ready", "")}
    for wait, (name, target) in names.items():
        ours, other = [], []
        for _ in range(rounds):
            with servers.ours(_MODEL, optimized, wait=wait) as server:
                ours.append(_first_answer_s(server))
            with servers.rembg_server(_MODEL, pictures.U2NETP, wait=wait) as server:
                other.append(_first_answer_s(server))
            print(f"{name}: ours {ours[-1]:.2f} s, rembg s {other[-1]:.2f} s", flush=True)
        pairs.append(Pair(name, ours, other, "s", target))
    return pairs


def _first_answer_s(server: Server) -> float:
    """Retry every hundredth of a second until a cut-out comes back."""
    first = next(iter(pictures.fixtures().values()))
    while time.monotonic() - server.began < servers.START_S:
        with contextlib.suppress(OSError):
            if post_once(server, _MODEL, first).status == HTTPStatus.OK:
                return time.monotonic() - server.began
        time.sleep(0.01)
    raise TimeoutError


def _side_by_side(optimized: Path, rounds: int, seconds: float) -> tuple[list[Pair], list[Mapping[str, float]]]:
    """Both servers and the bare steps, in turns."""
    small, large = list(pictures.fixtures().values()), pictures.large()
    cores = len(os.sched_getaffinity(0))
    with servers.ours(_MODEL, optimized) as ours, servers.rembg_server(_MODEL, pictures.U2NETP) as other:
        both = (ours, other)
        for server in both:
            rate(server, _MODEL, small, cores, 3)
        alone = _interleaved(both, rounds, lambda server: post_once(server, _MODEL, large).seconds)
        rates: list[list[float]] = [[], []]
        costs: list[list[float]] = [[], []]
        bares: list[Mapping[str, float]] = []
        for _ in range(rounds):
            bares.append(steps.bare(cores, optimized, small))
            for index, server in enumerate(both):
                speed, cost = _throughput(server, small, cores, seconds)
                rates[index].append(speed)
                costs[index].append(cost)
                print(f"{server.name}: {speed:.2f} pictures/s, {cost:.3f} s of processor time per picture", flush=True)
        contaminations = [[contamination(server, picture) for picture in small] for server in both]
        memory = [[float(server.memory_mb()[1])] for server in both]
    pairs = [
        Pair(f"fixtures, {cores} connections", rates[0], rates[1], "pictures/s", "at least 1.25"),
        Pair("processor time per fixture", costs[0], costs[1], "s", ""),
        Pair("12 megapixels, alone", alone[0], alone[1], "s", "at most 0.33"),
        Pair("background in the edge's colours", contaminations[0], contaminations[1], "", "at most 0.5"),
        Pair("peak memory", memory[0], memory[1], "MB", ""),
    ]
    return pairs, bares


def _interleaved(both: Sequence[Server], rounds: int, measure: "steps.Measure[Server]") -> list[list[float]]:
    found: list[list[float]] = [[], []]
    for _ in range(rounds):
        for index, server in enumerate(both):
            found[index].append(measure(server))
            print(f"{server.name}: {found[index][-1]:.2f} s for 12 megapixels", flush=True)
    return found


def contamination(server: Server, picture: bytes) -> float:
    return edges.contamination(picture, post_once(server, _MODEL, picture).data)


def _throughput(server: Server, small: list[bytes], connections: int, seconds: float) -> tuple[float, float]:
    """Pictures per second, and the processor time of each."""
    began = server.processor_s()
    speed, count = rate(server, _MODEL, small, connections, seconds)
    return speed, (server.processor_s() - began) / count


if __name__ == "__main__":
    main()
    print(Path("docs/benchmarks.md").read_text())
