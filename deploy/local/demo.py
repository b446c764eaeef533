"""`make demo`: cut out one picture, `demo.py IMAGE OUT`, with the running system or one started for it."""

import sys
from pathlib import Path

from deploy.local import interrupts, ports
from deploy.local.api_client import ApiClient, Outcome
from deploy.local.console import Console
from deploy.local.errors import CommandError
from deploy.local.report import report
from deploy.local.service import health
from deploy.local.settings import Settings
from deploy.local.stack import running


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
    console.say(f"{report(outcome)}\n\n{out} is the cutout of {image}")
    return 0


def _read(image: Path) -> bytes:
    if not image.is_file():
        raise CommandError(f"there is no picture {image}")
    return image.read_bytes()


def _cut_out(picture: bytes, name: str, console: Console) -> Outcome:
    settings = Settings.read()
    if health(settings.api_port) == 200:
        return ApiClient(f"http://{ports.LOCAL}:{settings.api_port}").cut_out(picture, name)
    console.say("Starting the system for this picture; `make run` in another terminal makes the next one faster.")
    with running(settings, console) as stack:
        return ApiClient(stack.address).cut_out(picture, name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
