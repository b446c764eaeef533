"""`make key`: create an API key, `key.py NAME SCOPE`, in the database of DATABASE_URL or of the running `make run`."""

import os
import subprocess
import sys
from collections.abc import Mapping

import psutil

from deploy.local import data_folder, postgres_server
from deploy.local.errors import CommandError
from deploy.local.settings import Settings
from deploy.local.stack import ROOT


def main(arguments: list[str]) -> int:
    name, scope = arguments
    command = [sys.executable, "-m", "services.api.keys", "create", f"--scope={scope}"]
    environment: Mapping[str, str] = os.environ
    try:
        if not environment.get("DATABASE_URL"):
            environment, address = _running()
            command.append(f"--address={address}")
    except (CommandError, PermissionError) as error:
        print(error, file=sys.stderr)
        return 1
    return subprocess.run([*command, "--", name], cwd=ROOT, env=environment, check=False).returncode


def _running() -> tuple[Mapping[str, str], str]:
    """The environment for a command beside the running `make run`, and its api's address. Raises CommandError."""
    asked = Settings.read().data
    found = data_folder.in_use(asked)
    if found is None:
        raise CommandError(
            f"No system is running with its data in {asked}, nor in containers. Start `make run` or `make up`, or set "
            "DATA_DIR or DATABASE_URL to that of the running system."
        )
    folder, process = found
    try:
        settings = Settings.read(psutil.Process(process).environ())
    except psutil.Error as error:
        raise CommandError(f"{folder} is in use by process {process}, which cannot be examined: {error}") from None
    url = settings.given.get("DATABASE_URL") or postgres_server.running_url(folder / "postgres")
    return {**os.environ, "DATABASE_URL": url}, f"http://localhost:{settings.api_port}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
