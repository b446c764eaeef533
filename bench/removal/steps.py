"""The cost of each step of a cut-out alone, in one thread: a bound that no server around them can beat.

Measured in as many processes at once as there are cores, as a server runs them: cores share caches and memory
bandwidth, and one alone is about 3 % faster than two.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from services.rembg import encoder, matte, remover
from services.rembg.inference import Network
from services.rembg.options import Options
from services.rembg.row_pool import RowPool
from services.rembg.weights import Name, Precision, resolve
from services.rembg.weights.resolve import locate
from shared import images

T = TypeVar("T")
Measure = Callable[[T], float]
_REPEATS = 3


def bare(
    count: int, path: Path | None, data: list[bytes], precision: Precision = Precision.FLOAT
) -> Mapping[str, float]:
    """Processor seconds per picture, averaged over the pictures and a few runs in each of `count` processes."""
    with ProcessPoolExecutor(count, get_context("spawn")) as pool:
        found = list(pool.map(_alone, [path] * count, [data] * count, [precision] * count))
    return {step: statistics.mean(each[step] for each in found) for step in found[0]}


def _alone(path: Path | None, data: list[bytes], precision: Precision) -> dict[str, float]:
    name = Name.U2NETP if path else Name.COMPACT
    exact = locate(name, path, Path("data"))
    weights = resolve.quantized(exact) if precision is Precision.INT8 else exact
    assert weights is not None
    network = Network(weights, threads=1)
    network.warm_up()
    found: dict[str, float] = {}
    for picture in data:
        for step, seconds in _of(network, picture).items():
            found[step] = found.get(step, 0.0) + seconds / len(data)
    return found


def _of(network: Network, data: bytes) -> dict[str, float]:
    side = round(network.size * remover._REDUCED)
    took: dict[str, float] = {}

    def timed(step: str, work: Callable[[], T]) -> T:
        result = work()  # one-time work is not counted
        began = time.process_time()
        for _ in range(_REPEATS):
            result = work()
        took[step] = (time.process_time() - began) / _REPEATS
        return result

    pool = RowPool(1, 0)
    info = timed("inspect", lambda: images.inspect(data))
    small = timed("decode for the network", lambda: images.reduced(data, info, side))
    picture = small
    if small.size != (info.width, info.height):
        picture = timed("decode", lambda: images.decode(data, info))
    asked = Options()
    mask = timed("network", lambda: matte.find_mask(small, network.size, network.mask))
    opacity = timed("enlarge the mask", lambda: matte.find_opacity(picture, mask, asked, pool))
    subject, _ = timed("measure", lambda: images.measure(opacity))
    edges = timed("find colours for the edge", lambda: matte.find_edges(picture, mask, asked))
    timed("compose and encode", lambda: encoder.make(picture, opacity, edges, subject, asked, None, pool))
    return took
