"""Finds the running system: `make run` by the lock of its data folder, `make up` by the port of its front."""

import subprocess
from pathlib import Path

import psutil

from deploy.local import data_folder, ports
from deploy.local.errors import CommandError
from deploy.local.service import health
from deploy.local.settings import Settings
from deploy.local.stack import ROOT

_ENGINE_S = 10
_ANY = ("0.0.0.0", "[::]")  # noqa: S104 - compared, not bound


def address(settings: Settings) -> str | None:
    """The running system's: at PORT where that is set, else that of `make run`, else that in containers."""
    port = settings.api_port
    if not settings.given.get("PORT"):
        if run := of_folder(settings.data):
            port = run[1].api_port
        elif containers := of_containers():
            return containers
    return f"http://{ports.LOCAL}:{port}" if health(port) == 200 else None


def of_folder(asked: Path) -> tuple[Path, Settings] | None:
    """The folder and settings of the `make run` whose data is there; None without one. Raises CommandError."""
    found = data_folder.in_use(asked)
    if found is None:
        return None
    folder, process = found
    try:
        return folder, Settings.read(psutil.Process(process).environ())
    except psutil.Error as error:
        raise CommandError(f"{folder} is in use by process {process}, which cannot be examined: {error}") from None


def of_containers() -> str | None:
    """The address of the front in containers; None where none runs."""
    command = ["docker", "compose", "port", "front", "8080"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_ENGINE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    host, _, port = done.stdout.strip().rpartition(":")
    return f"http://{ports.LOCAL if host in _ANY else host}:{port}" if port else None
