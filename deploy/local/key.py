"""`make key`: create an API key, `key.py NAME SCOPE`, in the database of DATABASE_URL or of the running `make run`."""

import os
import subprocess
import sys
from collections.abc import Mapping

from deploy.local import postgres_server, running_system
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
            command.append(f"--local-address={address}")
    except (CommandError, PermissionError) as error:
        print(error, file=sys.stderr)
        return 1
    return subprocess.run([*command, "--", name], cwd=ROOT, env=environment, check=False).returncode


def _running() -> tuple[Mapping[str, str], str]:
    """The environment for a command beside the running `make run`, and its api's address. Raises CommandError."""
    asked = Settings.read().data
    found = running_system.of_folder(asked)
    if found is None:
        raise CommandError(
            f"No system is running with its data in {asked}, nor in containers. Start `make run` or `make up`, or set "
            "DATA_DIR or DATABASE_URL to that of the running system."
        )
    folder, settings = found
    url = settings.given.get("DATABASE_URL") or postgres_server.running_url(folder / "postgres")
    own = {"DATABASE_URL": url, "PUBLIC_URL": settings.given.get("PUBLIC_URL", "")}
    return {**os.environ, **own}, f"http://localhost:{settings.api_port}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
