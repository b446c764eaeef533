"""`make demo`: cut out one picture, `demo.py IMAGE OUT`, with the running system or one started for it."""

import sys
from pathlib import Path

from deploy.local import interrupts, ports, running_system
from deploy.local.api_client import ApiClient, Outcome
from deploy.local.console import Console
from deploy.local.errors import CommandError
from deploy.local.report import report
from deploy.local.service import health
from deploy.local.settings import Settings
from deploy.local.stack import running

_STARTING = "Starting the system for this picture; `make run` in another terminal makes the next one faster."


def main(arguments: list[str]) -> int:
    interrupts.raise_on_signals()
    interrupts.end_with_make()
    console = Console(quiet=True)
    try:
        image, out = map(Path, arguments)
        picture = _read(image)
        if not out.absolute().parent.is_dir():
            raise CommandError(f"there is no folder {out.absolute().parent} to write to")
        outcome = _cut_out(picture, image.name, console)
        out.write_bytes(outcome.cutout)
    except (CommandError, PermissionError) as error:
        console.say(str(error))
        return 1
    except interrupts.Interrupted:
        return 130  # as shells do: 128 and the number of SIGINT
    console.say(f"{report(outcome)}\n\n{out} is the cut-out of {image}")
    return 0


def _read(image: Path) -> bytes:
    if not image.is_file():
        raise CommandError(f"there is no picture {image}")
    return image.read_bytes()


def _cut_out(picture: bytes, name: str, console: Console) -> Outcome:
    settings = Settings.read()
    if address := _address(settings):
        return ApiClient(address).cut_out(picture, name)
    with running(settings, console, _STARTING) as stack:
        return ApiClient(stack.address).cut_out(picture, name)


def _address(settings: Settings) -> str | None:
    """Of the running system: at PORT where that is set, else that of `make run`, else that in containers."""
    port = settings.api_port
    if not settings.given.get("PORT"):
        if run := running_system.of_folder(settings.data):
            port = run[1].api_port
        elif containers := running_system.of_containers():
            return containers
    return f"http://{ports.LOCAL}:{port}" if health(port) == 200 else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
