"""The system in containers, as a compose project of its own, from the files as they are."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local import ports
from deploy.local.api_client import ApiClient

ROOT = Path(__file__).parents[3]
HEALTHY_S = 60.0


def missing() -> str | None:
    """Return why containers are unavailable here, or None."""
    if shutil.which("docker") is None:
        return "there is no container engine on this machine"
    done = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    running = subprocess.run(["docker", "info"], capture_output=True, check=False)
    return None if done.returncode == running.returncode == 0 else "the container engine does not answer"


class Compose:
    """One compose project; `settings` are variables of the compose file."""

    def __init__(self, project: str, **settings: str) -> None:
        self.project = project
        self.port = ports.free()
        own = {"COMPOSE_PROJECT_NAME": project, "HTTP_ADDRESS": f"127.0.0.1:{self.port}"}
        self._environment = {**os.environ, **own, **settings}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def caller(self) -> ApiClient:
        return ApiClient(self.address)

    def run(self, *arguments: str) -> str:
        command = ["docker", "compose", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self._environment, capture_output=True, text=True, check=False, timeout=600
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    @contextmanager
    def also(self, file: Path) -> Iterator[None]:
        """Add another compose file for the duration of the block."""
        self._environment["COMPOSE_FILE"] = f"docker-compose.yml:{file}"
        try:
            yield
        finally:
            del self._environment["COMPOSE_FILE"]

    def containers(self, service: str) -> list[str]:
        return self.run("ps", "--all", "--quiet", service).split()

    def container(self, service: str) -> str:
        return self.containers(service)[0]

    def inspect(self, service: str) -> dict[str, dict[str, object]]:
        found: list[dict[str, dict[str, object]]] = json.loads(docker("inspect", self.container(service)))
        return found[0]

    def healthy(self, service: str) -> bool:
        state = self.inspect(service)["State"]
        health = state.get("Health")
        return bool(state["Running"]) and isinstance(health, dict) and health["Status"] == "healthy"

    def kill(self, service: str) -> None:
        """Kill the container's first process from outside, as the kernel would, and wait until it is gone."""
        pid = self.inspect(service)["State"]["Pid"]
        assert isinstance(pid, int)
        os.kill(pid, 9)
        until(lambda: self.inspect(service)["State"]["Pid"] != pid)

    @contextmanager
    def cut_off(self, service: str) -> Iterator[None]:
        """Disconnect a container from all its networks for the duration of the block."""
        container = self.container(service)
        networks = list(self.inspect(service)["NetworkSettings"]["Networks"])  # type: ignore[call-overload]
        for network in networks:
            docker("network", "disconnect", network, container)
        try:
            yield
        finally:
            for network in networks:
                docker("network", "connect", "--alias", service, network, container)


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True, timeout=120).stdout


def until(true: Callable[[], bool], within_s: float = HEALTHY_S) -> float:
    """Wait until the condition holds and return the seconds it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within_s
        time.sleep(0.2)
    return time.monotonic() - began
