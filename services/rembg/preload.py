"""Loads and warms up the network while the process still imports the rest of the service.

So this module imports only what loading needs. On two cores the first answer comes a sixth sooner.
"""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from services.rembg.inference import Network, lower_priority
from services.rembg.inference.auto import AutoNetwork
from services.rembg.settings import Settings, cores
from services.rembg.weights import Precision, judge, resolve
from shared.settings import Invalid

_MAX_THREADS = 64  # as many as REMBG_MAX_WORKERS may ask for; the admission queue bounds them further


@dataclass(frozen=True, slots=True)
class Preload:
    """`network` raises settings.Invalid when it cannot be loaded; `warm_up_s` is how long its first run took."""

    settings: Settings
    pool: ThreadPoolExecutor  # for the work on pictures
    network: Future[Network]
    warm_up_s: Future[float]


def begin(settings: Settings) -> Preload:
    pool = ThreadPoolExecutor(_MAX_THREADS, "remove", lower_priority)
    network = pool.submit(_load, settings)
    return Preload(settings, pool, network, pool.submit(_warm_up, network))


def _load(settings: Settings) -> Network:
    model, threads, slots = settings.model, cores(), settings.work.slots
    weights = resolve.locate(model.name, model.path, model.folder)
    if model.precision is Precision.FLOAT:
        return Network(weights, threads, slots)
    quantized = resolve.quantized(weights)
    if model.precision is Precision.INT8:
        if quantized is None:
            raise Invalid(f"there is no int8 form of {weights.path}; `make models` makes those of published files")
        return Network(quantized, threads, slots)
    if quantized is None or not judge.is_good(weights, quantized):
        return Network(weights, threads, slots)
    return AutoNetwork(quantized, partial(Network, weights, threads, slots), threads, slots)


def _warm_up(loading: Future[Network]) -> float:
    network, began = loading.result(), time.monotonic()
    network.warm_up()
    return time.monotonic() - began
