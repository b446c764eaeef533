"""The system on one machine, each part a process: Postgres and Valkey unless others are given, and the services.

The services are configured by their environment alone and do not know that they are local. Starting overlaps: the
model loads while Postgres starts and the schema is brought up to date.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local import data_folder, exec_child, payments, ports
from deploy.local.console import Console
from deploy.local.errors import CommandError
from deploy.local.interrupts import Interrupted, ignore_signals
from deploy.local.postgres_server import Postgres
from deploy.local.process import Process
from deploy.local.service import Service
from deploy.local.settings import Settings
from deploy.local.supervisor import Supervisor, await_ready
from deploy.local.valkey_server import Valkey
from shared import private_files
from shared.models.job import Queue

ROOT = Path(__file__).parents[2]
_GUNICORN = (sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py")
_CELERY = (sys.executable, "-m", "celery", "--quiet", "-A", "services.worker.app", "worker")
_COMMANDS = {
    "rembg": (*_GUNICORN, "services.rembg.wsgi:app"),
    "mockups": (*_GUNICORN, "services.worker.mockups.wsgi:app"),
    "worker": (*_CELERY, "--without-gossip", "--without-mingle", "--without-heartbeat"),
    "api": (*_GUNICORN, "services.api.wsgi:app"),
}
_TASKS = {
    "migrate": "the database schema cannot be brought up to date",
    "seed": "the sample shop cannot be put into the database",
}
_RATE_LIMITS = [f"RATE_LIMIT_{caller}{limit}" for caller in ("", "PREMIUM_", "ADMIN_") for limit in ("API", "UPLOADS")]


class Stack:
    """The caller locks the data folder first, and calls `stop` even when `start` fails."""

    def __init__(self, settings: Settings, data: Path, console: Console) -> None:
        self._settings = settings
        self._data = data
        self._console = console
        self._supervisor = Supervisor(console.line_writer("run"))
        self.processes: dict[str, Process] = {}
        self.watch = self._supervisor.watch
        self.stop = self._supervisor.stop

    @property
    def data(self) -> Path:
        """The folder with all that outlives a run."""
        return self._data

    @property
    def address(self) -> str:
        return f"http://{ports.LOCAL}:{self._settings.api_port}"

    def start(self, announcement: str) -> None:
        """Say so if the ports are free, start everything and wait until it is ready. Raises CommandError."""
        for setting, port in self._settings.ports.items():
            ports.require_free(setting, port, exec_child.KILL_AFTER_S + 1)  # a killed run ends within that
        self._console.say(announcement)
        servers = self._start_servers()
        self._start_service("rembg", self._settings.rembg_port)
        self._start_service("mockups", self._settings.mockups_port)
        if self._settings.doubles_stripe:
            self._start_stripe()
        for server in servers:
            await_ready(server)
        migrated = self._migrate()
        self._start_service("worker", self._settings.worker_port)
        self._start_service("api", self._settings.api_port)
        if migrated and "postgres" in self.processes:  # a database given from outside is somebody's shop
            self._run("seed", "deploy.seed", "--if-empty")  # while the others start
        for process in self.processes.values():
            await_ready(process)

    def environment(self) -> dict[str, str]:
        """The environment of all services; a Postgres or Redis given from outside wins over our own."""
        settings = self._settings
        own = {
            "BIND_HOST": ports.LOCAL,
            "DATA_DIR": str(self._data),
            "REMBG_ENDPOINT": f"http://{ports.LOCAL}:{settings.rembg_port}",
            "MOCKUPS_ENDPOINT": f"http://{ports.LOCAL}:{settings.mockups_port}",
            "WORKER_PORT": str(settings.worker_port),
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",  # so is everything here
        }
        defaults = {
            "MODELS_DIR": str(settings.data / "models"),  # stays there when the data moves away from a closed folder
            "WORKER_QUEUES": ",".join(Queue),
            "PRINT_INSTANCES": "1",
            **dict.fromkeys((*_RATE_LIMITS, "RATE_LIMIT_SIGN_IN"), "0"),
        }
        environment = defaults | {name: value for name, value in settings.given.items() if value} | own
        if "SECRET_KEY" not in environment:
            environment["SECRET_KEY"] = data_folder.secret_key(self._data)
        if settings.doubles_stripe:
            environment |= payments.keys(environment["SECRET_KEY"], settings.stripe_double_port)
        for name, server in (("DATABASE_URL", "postgres"), ("REDIS_URL", "redis")):
            running = self.processes.get(server)
            if isinstance(running, Postgres | Valkey):
                environment[name] = running.url
        if "postgres" in self.processes:
            environment.pop("DATABASE_DIRECT_URL", None)
        return environment

    def _start_servers(self) -> list[Process]:
        if not self._settings.given.get("DATABASE_URL"):
            self._start(Postgres(self._data / "postgres"))
        if not self._settings.given.get("REDIS_URL"):
            self._start(Valkey(self._data / "valkey"))
        return list(self.processes.values())

    def _start_service(self, name: str, port: int) -> None:
        environment = self.environment() | {"PORT": str(port)}
        output = self._console.line_writer(name)
        command = _COMMANDS[name]
        self._start(Service(name, command, port=port, environment=environment, folder=ROOT, output=output))

    def _start_stripe(self) -> None:
        output = self._console.line_writer("stripe")
        self._start(payments.double(self._settings, self.environment(), self._data, ROOT, output))

    def _start(self, process: Process) -> None:
        self.processes[process.name] = process
        self._supervisor.start(process)

    def _migrate(self) -> bool:
        """Whether there was anything to do."""
        return "applied" in self._run("migrate", "shared.db", "migrate")

    def _run(self, name: str, *module: str) -> str:
        """Run a command to its end, and return what it said. Raises CommandError if it fails."""
        done = subprocess.run(
            [sys.executable, "-m", *module],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )
        if done.returncode:
            raise CommandError(f"{_TASKS[name]}:\n{done.stderr.strip()[-2000:]}")
        for line in done.stdout.splitlines():
            self._console.line_writer(name)(line)
        return done.stdout


@contextmanager
def running(settings: Settings, console: Console, announcement: str) -> Iterator[Stack]:
    """The started stack; stopped at the end of the block, however it ends."""
    data = data_folder.prepare(settings.data, console.say)
    with data_folder.locked(data), private_files.umask():
        data_folder.tighten(data)
        stack = Stack(settings, data, console)
        try:
            try:
                stack.start(announcement)
            except CommandError:
                console.show_withheld()  # the reason is among the last lines of the process that failed
                raise
            yield stack
        except Interrupted:
            console.say("\nStopping ...")
            raise
        finally:
            ignore_signals()
            console.stopping()
            stack.stop()
