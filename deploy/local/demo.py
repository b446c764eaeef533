"""`make demo`: cut out one picture, `demo.py IMAGE OUT`, with the system that runs, or one started for this alone."""

import sys
from pathlib import Path

from deploy.local import interruption, ports
from deploy.local.console import Console
from deploy.local.report import report
from deploy.local.service import health
from deploy.local.settings import Settings
from deploy.local.stack import running
from deploy.local.trouble import Trouble
from deploy.local.walk import Caller, Outcome


def main(arguments: list[str]) -> int:
    interruption.raise_on_signals()
    console = Console(quiet=True)
    try:
        image, out = map(Path, arguments)
        picture = _read(image)
        if not out.absolute().parent.is_dir():
            raise Trouble(f"there is no folder {out.absolute().parent} to write to")
        outcome = _cut_out(picture, image.name, console)
        out.write_bytes(outcome.cutout)
    except (Trouble, PermissionError) as trouble:
        console.say(str(trouble))
        return 1
    except interruption.Interrupted:
        return 130  # as a shell says it: 128 and the number of SIGINT
    console.say(f"{report(outcome)}\n\n{out} is the cut-out of {image}")
    return 0


def _read(image: Path) -> bytes:
    if not image.is_file():
        raise Trouble(f"there is no picture {image}")
    return image.read_bytes()


def _cut_out(picture: bytes, name: str, console: Console) -> Outcome:
    settings = Settings.read()
    if health(settings.api_port) == 200:
        return Caller(f"http://{ports.LOCAL}:{settings.api_port}").cut_out(picture, name)
    console.say("Starting the system for this picture; `make run` in another terminal makes the next one faster.")
    with running(settings, console) as stack:
        return Caller(stack.address).cut_out(picture, name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
