"""`make seed`: the sample shop, `seed.py [SCALE]`, for the database of DATABASE_URL or of the running `make run`."""

import subprocess
import sys

from deploy.local import running_system
from deploy.local.errors import CommandError
from deploy.local.stack import ROOT


def main(arguments: list[str]) -> int:
    try:
        environment, system = running_system.beside()
    except (CommandError, PermissionError) as error:
        print(error, file=sys.stderr)
        return 1
    if system:
        print(f"The sample shop of {system}:", flush=True)
    command = [sys.executable, "-m", "deploy.seed", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
