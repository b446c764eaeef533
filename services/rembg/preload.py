"""The network on its way: it is loaded and warmed up while the process still imports the rest of the service.

So this module imports nothing but what loading needs. On two cores the first answer comes a sixth sooner.
"""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from services.rembg.inference import Network, step_back
from services.rembg.settings import Settings, cores
from services.rembg.weights.resolve import locate


@dataclass(frozen=True, slots=True)
class Loading:
    """`network` fails with settings.Invalid when it cannot be had; `warm` is the seconds that its first run took."""

    settings: Settings
    pool: ThreadPoolExecutor  # for the work on pictures
    network: Future[Network]
    warm: Future[float]


def begin(settings: Settings) -> Loading:
    pool = ThreadPoolExecutor(64, "remove", step_back)  # the gate bounds it
    network = pool.submit(_load, settings)
    return Loading(settings, pool, network, pool.submit(_warm_up, network))


def _load(settings: Settings) -> Network:
    model = settings.model
    weights = locate(model.name, model.path, model.folder, model.precision)
    return Network(weights, threads=cores(), slots=settings.work.slots)


def _warm_up(network: Future[Network]) -> float:
    loaded, began = network.result(), time.monotonic()
    loaded.warm_up()
    return time.monotonic() - began
