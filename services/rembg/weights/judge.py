"""`python -m services.rembg.weights.judge`: compare the int8 form of the chosen network with float, on this processor.

Integer arithmetic differs between processors: x86 without VNNI saturates sums, and some are slower in 8 bits. So the
verdict belongs to a processor, a version of onnxruntime and two files, and is kept in NAME.int8.json beside them. Where
there is none, as on another machine than the one that built an image, the service has a child process measure it at the
start; a folder that is read-only makes it do so at each start.

Drawn pictures are easy: on 100 photographs U2-Net's int8 masks are 0.43 of 255 from float's, on these 0.03. A network
quantized by rounding to nearest is 2.0 from float there, costs .0036 of IoU, and is 0.18 off here (decision 0090).
"""

import hashlib
import json
import platform
import subprocess
import sys
import time
from argparse import ArgumentParser
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PIL import Image

from services.rembg.inference import Network
from services.rembg.settings import Model
from services.rembg.weights import Name, Weights, resolve
from services.rembg.weights.drawn import drawn
from services.rembg.weights.resolve import locate
from shared import log
from shared.settings import Invalid

BOUND = 0.12  # of 255: the mean difference of masks on drawn pictures
_PICTURES, _SEED = 4, 500
_DEADLINE_S = 120.0
_CPUINFO = Path("/proc/cpuinfo")
_ROOT = Path(__file__).parents[3]
_FLAT = 1e-6

_log = log.get("weights")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was compared where, and how: `difference` of 255, `speedup` of processor time."""

    float_sha256: str
    int8_sha256: str
    processor: str
    onnxruntime: str
    difference: float = float("inf")
    speedup: float = 0.0

    @property
    def holds(self) -> bool:
        return self.difference <= BOUND and self.speedup >= 1

    def __str__(self) -> str:
        found = f"int8 is {self.difference:.3f} of 255 from float and {self.speedup:.1f} times as fast"
        return f"{found}; auto {'uses' if self.holds else 'refuses'} it (at most {BOUND}, and faster)"


def main(arguments: list[str] | None = None) -> int:
    parser = ArgumentParser(prog="python -m services.rembg.weights.judge", description="Compare int8 with float here.")
    parser.add_argument("names", nargs="*", metavar="NAME", type=Name)
    parser.add_argument("--json", action="store_true", help="print the verdict for the service")
    asked = parser.parse_args(arguments)
    model = Model.read()
    for name in asked.names or [model.name]:
        exact = locate(name, model.path, model.folder)
        quantized = resolve.quantized(exact)
        if quantized is None:
            print(f"{exact.name}: has no int8 form")
            continue
        verdict = measure(exact, quantized)
        _keep(verdict, quantized)
        print(json.dumps(asdict(verdict)) if asked.json else f"{exact.name}: {verdict}")
    return 0


def is_good(exact: Weights, quantized: Weights) -> bool:
    """Whether int8 holds the bound on this processor. Measures what no verdict says, in a child process."""
    verdict = _kept(exact, quantized) or _measured_by_child()
    if verdict is None or not verdict.holds:
        _log.warning("int8_refused", file=quantized.path.name, verdict=str(verdict))
    return verdict is not None and verdict.holds


def measure(exact: Weights, quantized: Weights) -> Verdict:
    """A file that cannot be run is infinitely far from float."""
    pictures = list(drawn(_PICTURES, _SEED))
    subject = _subject(exact, quantized)
    try:
        found, int8_s = _masks(quantized, pictures)
    except Invalid:
        return subject
    wanted, float_s = _masks(exact, pictures)
    difference = float(np.mean(np.abs(found - wanted)))
    return replace(subject, difference=round(difference, 4), speedup=round(float_s / int8_s, 2))


def _masks(weights: Weights, pictures: list[Image.Image]) -> tuple[np.ndarray, float]:
    """From 0 to 255, and the processor seconds of one inference, the best of all."""
    network, masks, best = Network(weights, threads=1), [], float("inf")
    for picture in pictures:
        began = time.thread_time()
        chances = network.chances(picture)
        best = min(best, time.thread_time() - began)
        masks.append((chances - chances.min()) / max(float(np.ptp(chances)), _FLAT) * 255)
    return np.stack(masks), best


def _subject(exact: Weights, quantized: Weights) -> Verdict:
    return Verdict(exact.sha256, quantized.sha256, _processor(), version("onnxruntime"))


def _processor() -> str:
    """Of the model and the instructions of this processor."""
    known = ("model name", "flags", "Features", "CPU part")
    lines = _CPUINFO.read_text().splitlines() if _CPUINFO.exists() else [platform.processor()]
    told = sorted({line for line in lines if line.startswith(known)} or lines[:1])
    return f"{platform.machine()}-{hashlib.sha256(' '.join(told).encode()).hexdigest()[:16]}"


def _file(quantized: Weights) -> Path:
    return quantized.path.with_suffix(".json")


def _keep(verdict: Verdict, quantized: Weights) -> None:
    with suppress(OSError):  # the folder may be read-only
        _file(quantized).write_text(json.dumps(asdict(verdict)) + "\n")


def _kept(exact: Weights, quantized: Weights) -> Verdict | None:
    try:
        verdict = Verdict(**json.loads(_file(quantized).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    subject = _subject(exact, quantized)
    return verdict if replace(subject, difference=verdict.difference, speedup=verdict.speedup) == verdict else None


def _measured_by_child() -> Verdict | None:
    """By a process of its own, whose memory is gone afterwards."""
    command = [sys.executable, "-m", "services.rembg.weights.judge", "--json"]
    try:
        found = subprocess.run(command, cwd=_ROOT, check=True, stdout=subprocess.PIPE, timeout=_DEADLINE_S)
        return Verdict(**json.loads(found.stdout.splitlines()[-1]))
    except (subprocess.SubprocessError, ValueError, TypeError, IndexError):
        return None


if __name__ == "__main__":
    sys.exit(main())
