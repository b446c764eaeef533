"""Memory of each service, idle and under load, compared with its limit, with weights of u2net's size.

WEIGHTS names the file: any network of that shape works, even with random weights.
"""

import os
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.system.containers.engine import Compose, docker
from tests.system.containers.waiting import Promised, picture

WEIGHTS = os.environ.get("WEIGHTS", "")
SERVICES = ("front", "api", "worker", "rembg", "postgres", "redis")
IDLE_MB = 750  # of the whole stack
LOAD_S = 40.0
SETTLED_S = 20.0  # freed memory is returned
_UNITS = {"B": 1e-6, "KiB": 1024e-6, "MiB": 1.048576, "GiB": 1073.741824}
_SIZE = re.compile(r"([\d.]+)([KMG]?i?B)")

pytestmark = pytest.mark.skipif(not WEIGHTS, reason="WEIGHTS names no file of weights")


@pytest.fixture(scope="module")
def large(compose: Compose, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compose]:
    """The stack with the large network of random weights, which cuts pictures out or refuses them."""
    folder = Path(WEIGHTS).resolve().parent
    override = tmp_path_factory.mktemp("large") / "compose.yml"
    override.write_text(
        f"services: {{rembg: {{volumes: ['{folder}:/weights:ro'],"
        f" environment: {{REMBG_MODEL: u2net, REMBG_MODEL_PATH: /weights/{Path(WEIGHTS).name}}}}}}}\n"
    )
    with compose.also(override):
        compose.run("up", "--wait")
        yield compose
    compose.run("up", "--wait")


def _used(compose: Compose) -> dict[str, tuple[float, float]]:
    """Return MB in use and allowed, by service."""
    containers = {service: compose.container(service) for service in SERVICES}
    told = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", *containers.values())
    sizes = [[float(amount) * _UNITS[unit] for amount, unit in _SIZE.findall(line)] for line in told.splitlines()]
    return {service: (used, limit) for service, (used, limit) in zip(SERVICES, sizes, strict=True)}


def test_the_stack_is_idle_in_little_memory_and_stays_within_its_limits_under_load(large: Compose) -> None:
    time.sleep(SETTLED_S)
    idle = _used(large)
    promised, most = Promised(large.address), dict.fromkeys(SERVICES, 0.0)
    until = time.monotonic() + LOAD_S
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(_send, promised, until)
        while time.monotonic() < until:
            for service, (used, _) in _used(large).items():
                most[service] = max(most[service], used)
        sending.result()
    promised.withdraw()
    print(
        f"\n{'service':10} {'idle':>6} {'load':>6} {'limit':>6}  MB, with {Path(WEIGHTS).stat().st_size / 1e6:.0f} MB"
    )
    for service, (used, limit) in idle.items():
        print(f"{service:10} {used:6.0f} {most[service]:6.0f} {limit:6.0f}")
    print(f"{'all':10} {sum(used for used, _ in idle.values()):6.0f} {sum(most.values()):6.0f}")
    assert sum(used for used, _ in idle.values()) < IDLE_MB
    assert all(most[service] < limit for service, (_, limit) in idle.items())
    assert large.healthy("rembg")


def _send(promised: Promised, until: float) -> None:
    number = 0
    while time.monotonic() < until:
        promised.send(picture(number, side=2000))
        number = (number + 1) % 256
