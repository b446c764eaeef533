"""The running system for tests: the processes of `make run` on free ports, without a supervisor.

Each can be killed, stopped, stuck or started by name: "postgres", "redis", "rembg", "mockups", "stripe", "worker",
"api".
"""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from threading import Timer

import requests

from deploy.local import ports
from deploy.local.api_client import ApiClient
from deploy.local.console import Console
from deploy.local.process import Process
from deploy.local.service import Service
from deploy.local.settings import Settings
from deploy.local.stack import ROOT, Stack
from deploy.local.supervisor import await_ready

TIMEOUT_S = 30  # far more than any of this takes
_OUTSIDE = (
    *("DATABASE_URL", "DATABASE_DIRECT_URL", "REDIS_URL", "R2_ENDPOINT", "SECRET_KEY", "PUBLIC_URL", "OPS_TOKEN"),
    *("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_PUBLISHABLE_KEY", "STRIPE_API_BASE"),
    *("REMOVE_BG_API_KEY", "PROVIDER_DAILY_BUDGET_CENTS", "FAILPOINT", "TESTING"),
    "COVERAGE_PROCESS_CONFIG",  # to measure costs a process half its speed: one system (conftest.py) is enough
)


class RunningStack:
    """`changes` are settings of the services, such as LEASE_S; by default they run the bundled network."""

    def __init__(self, data: Path, **changes: str) -> None:
        data.mkdir(mode=0o711)
        inherited = {name: value for name, value in os.environ.items() if name not in _OUTSIDE}
        given = inherited | {"REMBG_MODEL": "compact"} | changes
        self.settings = Settings(
            api_port=ports.free(),
            rembg_port=ports.free(),
            worker_port=ports.free(),
            mockups_port=ports.free(),
            stripe_double_port=ports.free(),
            data=data,
            given=given,
        )
        self.log = data / "log.txt"
        self._file = self.log.open("w")
        self._console = Console(self._file)
        self._stack = Stack(self.settings, data, self._console)

    @property
    def address(self) -> str:
        return self._stack.address

    @property
    def data(self) -> Path:
        return self._stack.data

    @property
    def environment(self) -> dict[str, str]:
        """That of all services."""
        return self._stack.environment()

    @property
    def database_url(self) -> str:
        return self._stack.environment()["DATABASE_URL"]

    @property
    def redis_url(self) -> str:
        return self._stack.environment()["REDIS_URL"]

    def caller(self) -> ApiClient:
        """Return a new guest of the api."""
        return ApiClient(self.address)

    def start(self) -> None:
        self._stack.start("starting")

    def stop(self) -> None:
        self._stack.stop()
        self._file.close()

    def kill(self, name: str) -> None:
        """Kill the process and all it started with SIGKILL."""
        self._stack.processes[name].kill()

    def halt(self, name: str) -> None:
        """Stop it as an operator would."""
        self._stack.processes[name].stop()

    def freeze(self, name: str) -> None:
        """Make it hold connections without responding, until `thaw`."""
        self._stack.processes[name].signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self._stack.processes[name].signal(signal.SIGCONT)

    def bring(self, name: str) -> None:
        """Restart it and wait until it is ready."""
        process = self._stack.processes[name]
        process.start()
        await_ready(process)

    def process(self, name: str) -> Process:
        return self._stack.processes[name]

    def another(self, name: str, port: int = 0, *, app: str = "", **changes: str) -> Service:
        """Return one more process of a service, not started, on this or a free port, with other settings or app."""
        port = port or ports.free()
        process = self._stack.processes[name]
        words = [str(word) for word in process.command]
        return Service(
            f"{name}-{port}",
            [*words[:-1], app] if app else words,
            port=port,
            environment=self._stack.environment() | {"PORT": str(port), "WORKER_PORT": str(port)} | changes,
            folder=ROOT,
            output=self._console.line_writer(f"{name}-{port}"),
        )

    def thaw_soon(self, name: str) -> None:
        """Resume it in a second, while the test waits for something else."""
        Timer(1, self.thaw, [name]).start()

    def eventually_ready(self, status: str, check: str, state: str) -> None:
        """Wait until the api reports this of itself and of one of its dependencies."""

        def said() -> bool:
            answer = requests.get(f"{self.address}/health/ready", timeout=5).json()
            return bool(answer["status"] == status and answer["checks"][check] == state)

        _eventually(said, f"{status}, with {check} {state}")

    def wait_for_log(self, *words: str) -> None:
        """Wait for a log line with all the words."""

        def told() -> bool:
            return any(all(word in line for word in words) for line in self.log.read_text().splitlines())

        _eventually(told, f"a line with {' and '.join(words)}")

    def mend(self) -> None:
        """Restart everything that is down."""
        for name, process in self._stack.processes.items():
            if process.pid is None:
                self.bring(name)


def _eventually(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {TIMEOUT_S} s: {what}"
        time.sleep(0.05)
