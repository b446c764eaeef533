"""What the print check and print edges cost on pictures of 12 megapixels, beside their targets.

Run `python -m bench.print`. The picture is the sample photograph, enlarged; its masks are the bundled network's, which
is soft, and the same hardened, whose outline is all that is left to do. One thread; the best processor time of three
runs, since wall time says nothing on a busy machine, and the memory that NumPy allocated meanwhile, results included.
"""

import os
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from services.rembg.inference import Network
from services.rembg.weights import Name
from services.rembg.weights.resolve import locate
from services.worker.prepress.arrays import Pixels
from services.worker.prepress.check import check
from services.worker.prepress.edges import Options, print_edges
from services.worker.prepress.rules import Print

SAMPLE = Path("deploy/local/sample.jpg")
SIZE = (3098, 3873)  # of 12 megapixels, in the sample's shape
JOB = Print(280, garment=(20, 20, 22))
CHECK_TARGET, EDGES_TARGET = 0.35, 0.7  # seconds
_RUNS = 3


class Step(NamedTuple):
    name: str
    target: float
    run: Callable[[], object]


def main() -> None:
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {SIZE[0] * SIZE[1] / 1e6:.1f} megapixels, one thread\n"
    )
    print(f"{'':44}{'seconds':>9}{'target':>9}{'memory':>12}")
    for step in _steps(*_pictures()):
        seconds, megabytes = _measured(step.run)
        print(f"{step.name:44}{seconds:9.3f}{step.target:9.2f}{megabytes:9.0f} MB", flush=True)


def _pictures() -> tuple[Pixels, Pixels]:
    """The photograph and its soft cut-out."""
    photo = Image.open(SAMPLE).convert("RGB").resize(SIZE, Image.Resampling.LANCZOS)
    network = Network(locate(Name.COMPACT, None, Path("data")), threads=1)
    mask = network.mask(photo).resize(SIZE, Image.Resampling.LANCZOS)
    return np.asarray(photo), np.dstack([np.asarray(photo), np.asarray(mask)])


def _steps(photo: Pixels, soft: Pixels) -> Iterator[Step]:
    options = Options(JOB.width_mm / soft.shape[1])
    hard = print_edges(soft, options, photo).rgba
    yield Step("check, soft mask, with the photograph", CHECK_TARGET, lambda: check(soft, JOB, photo))
    yield Step("check, hard outline", CHECK_TARGET, lambda: check(hard, JOB))
    yield Step("print edges, soft mask, with the photograph", EDGES_TARGET, lambda: print_edges(soft, options, photo))
    yield Step("print edges, hard outline", EDGES_TARGET, lambda: print_edges(hard, options))


def _measured(run: Callable[[], object]) -> tuple[float, float]:
    """The least processor time, and the most memory allocated at once by NumPy, in MB."""
    times = []
    for _ in range(_RUNS):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    tracemalloc.start()
    run()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return min(times), most / 1e6


if __name__ == "__main__":
    main()
