"""Finds the running system: `make run` by the lock of its data folder, `make up` by the port of its front.

`python -m deploy.local.running_system` succeeds where that is the one in containers.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from deploy.local import data_folder, ports, postgres_server
from deploy.local.errors import CommandError
from deploy.local.service import health
from deploy.local.settings import Settings
from deploy.local.stack import ROOT

_ENGINE_S = 10
_ANY = ("0.0.0.0", "[::]")  # noqa: S104 - compared, not bound


@dataclass(frozen=True, slots=True)
class System:
    """A running system; `run` is the data folder and the settings of a `make run`."""

    name: str
    address: str
    run: tuple[Path, Settings] | None = None

    def __str__(self) -> str:
        return f"{self.name} at {self.address}"


def find(settings: Settings) -> System | None:
    """The system at PORT where that is set, else that of `make run`, else that in containers. Raises CommandError."""
    port = settings.api_port if settings.given.get("PORT") else None
    if (run := _of_folder(settings.data)) and port in (None, run[1].api_port):
        return System("`make run`", _local(run[1].api_port), run)
    containers = _of_containers()
    if containers and (port is None or containers.endswith(f":{port}")):
        return System("the containers", containers)
    return None


def serving(settings: Settings) -> System | None:
    """As `find`, if it answers; at a given PORT any system will do. Raises CommandError."""
    found = find(settings)
    if found and not found.run:
        return found
    if found is None and settings.given.get("PORT"):
        found = System("the system", _local(settings.api_port))
    return found if found and health(int(found.address.rpartition(":")[2])) == 200 else None


def beside() -> tuple[Mapping[str, str], System | None]:
    """The environment of a command for the database of DATABASE_URL (None), else of `make run`. Raises CommandError."""
    if os.environ.get("DATABASE_URL"):
        return os.environ, None
    asked = Settings.read()
    found = find(asked)
    if found is None or found.run is None:
        at = f" at PORT {asked.api_port}" if asked.given.get("PORT") else ""
        raise CommandError(
            f"No system is running{at} with its data in {asked.data}, nor in containers. "
            "Start `make run` or `make up`, or set DATA_DIR or DATABASE_URL to that of the running system."
        )
    folder, settings = found.run
    url = settings.given.get("DATABASE_URL") or postgres_server.running_url(folder / "postgres")
    own = {"DATABASE_URL": url, "PUBLIC_URL": settings.given.get("PUBLIC_URL", "")}
    return {**os.environ, **own}, found


def _local(port: int) -> str:
    return f"http://{ports.LOCAL}:{port}"


def _of_folder(asked: Path) -> tuple[Path, Settings] | None:
    """The folder and settings of the `make run` whose data is there; None without one. Raises CommandError."""
    found = data_folder.in_use(asked)
    if found is None:
        return None
    folder, process = found
    try:
        return folder, Settings.read(psutil.Process(process).environ())
    except psutil.Error as error:
        raise CommandError(f"{folder} is in use by process {process}, which cannot be examined: {error}") from None


def _of_containers() -> str | None:
    """The address of the front in containers; None where none runs."""
    command = ["docker", "compose", "port", "front", "8080"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_ENGINE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    host, _, port = done.stdout.strip().rpartition(":")
    return f"http://{ports.LOCAL if host in _ANY else host}:{port}" if port else None


def main() -> int:
    try:
        found = find(Settings.read())
    except (CommandError, PermissionError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if found and not found.run else 1


if __name__ == "__main__":
    sys.exit(main())
