"""`make demo`: cut a picture out and make it fit for print, `demo.py IMAGE OUT`, in the running system or a new one."""

import sys
from collections.abc import Callable
from pathlib import Path

from deploy.local import interrupts, print_demo, running_system
from deploy.local.api_client import ApiClient
from deploy.local.console import Console
from deploy.local.errors import CommandError
from deploy.local.report import report
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
        words = _with_system(console, lambda client: _demo(client, picture, image, out))
    except (CommandError, PermissionError) as error:
        console.say(str(error))
        return 1
    except interrupts.Interrupted:
        return 130  # as shells do: 128 and the number of SIGINT
    console.say(words)
    return 0


def _read(image: Path) -> bytes:
    if not image.is_file():
        raise CommandError(f"there is no picture {image}")
    return image.read_bytes()


def _demo(client: ApiClient, picture: bytes, image: Path, out: Path) -> str:
    outcome = client.cut_out(picture, image.name)
    out.write_bytes(outcome.cutout)
    return f"{report(outcome)}\n\n{print_demo.files(client, outcome, out)}\n\n{out} is the cut-out of {image}"


def _with_system(console: Console, use: Callable[[ApiClient], str]) -> str:
    settings = Settings.read()
    if found := running_system.serving(settings):
        return f"{use(ApiClient(found.address))}, by {found}"
    with running(settings, console, _STARTING) as stack:
        return use(ApiClient(stack.address))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
