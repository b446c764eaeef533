"""`docker compose up --build --wait` from the files as they are: it works, recovers and loses nothing."""

import os
import re
import time

import pytest

from deploy.local.api_client import SAMPLE
from tests.system.containers.engine import Compose, docker, until
from tests.system.containers.waiting import Promised, picture

SERVICES = ("front", "api", "worker", "rembg", "postgres", "redis")
OURS = ("api", "worker", "rembg")
IDLE_MB = 750  # of the whole stack
_UNITS = {"B": 1e-6, "KiB": 1024e-6, "MiB": 1.048576, "GiB": 1073.741824}


def test_a_picture_goes_through_the_front(compose: Compose) -> None:
    outcome = compose.caller().cut_out(SAMPLE.read_bytes(), "sample.jpg")
    assert outcome.job["status"] == "done"
    assert outcome.cutout.startswith(b"\x89PNG")


def test_the_whole_stack_is_idle_in_little_memory(compose: Compose) -> None:
    containers = [compose.container(service) for service in SERVICES]
    used = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", *containers)
    sizes = [float(amount) * _UNITS[unit] for amount, unit in re.findall(r"^([\d.]+)([KMG]?i?B) /", used, re.MULTILINE)]
    assert len(sizes) == len(SERVICES)
    assert sum(sizes) < IDLE_MB


@pytest.mark.parametrize("service", OURS)
def test_no_container_runs_as_root_or_can_write_to_its_image(compose: Compose, service: str) -> None:
    assert compose.run("exec", "-T", service, "id", "-u").strip() == "10001"
    with pytest.raises(AssertionError, match="Read-only file system"):
        compose.run("exec", "-T", service, "touch", "/app/x")


@pytest.mark.parametrize("service", OURS)
def test_an_image_holds_no_secret_of_its_build(compose: Compose, service: str) -> None:
    told = docker("history", "--no-trunc", f"stolentee-{service}") + docker("inspect", f"stolentee-{service}")
    assert not re.search(r"password|secret|token|api_key", told, re.IGNORECASE)
    assert "REMBG_MODEL=" not in told.replace("ARG REMBG_MODEL", "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may end what runs in a container")
@pytest.mark.parametrize("service", SERVICES)
def test_a_killed_service_comes_back_and_nothing_is_lost(compose: Compose, service: str) -> None:
    promised = Promised(compose.address)
    for shade in range(5):
        promised.send(picture(shade))
    compose.kill(service)
    took = until(lambda: compose.healthy(service) and promised.answers())
    promised.send(picture(9))
    promised.settle()
    print(f"{service}: healthy {took:.1f} s after kill -9; {len(promised.jobs)} jobs done")


@pytest.mark.parametrize("service", ["redis", "rembg"])
def test_the_system_recovers_from_a_cut_network(compose: Compose, service: str) -> None:
    promised = Promised(compose.address)
    with compose.cut_off(service):
        time.sleep(1)
        for shade in range(20, 23):
            promised.send(picture(shade))
        time.sleep(10)
    took = promised.settle()
    print(f"{service}: {len(promised.jobs)} jobs done {took:.1f} s after the network was back")
