"""`make key`: create an API key, `key.py NAME SCOPE`, in the database of DATABASE_URL or of the running `make run`."""

import subprocess
import sys

from deploy.local import running_system
from deploy.local.errors import CommandError
from deploy.local.stack import ROOT


def main(arguments: list[str]) -> int:
    name, scope = arguments
    command = [sys.executable, "-m", "services.api.keys", "create", f"--scope={scope}"]
    try:
        environment, system = running_system.beside()
    except (CommandError, PermissionError) as error:
        print(error, file=sys.stderr)
        return 1
    if system and system.run:
        print(f"A key of {system}:", file=sys.stderr)
        command.append(f"--local-address=http://localhost:{system.run[1].api_port}")
    return subprocess.run([*command, "--", name], cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
