"""`make story`: an order from a guest's photo to the books, told step by step, in the running system or a new one."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.local import data_folder, interrupts, payments, running_system
from deploy.local.console import Console
from deploy.local.errors import CommandError
from deploy.local.settings import Settings
from deploy.local.stack import ROOT, running
from deploy.local.story_steps import Story

_STARTING = "Starting the system for this story; `make run` in another terminal makes the next one faster."
_OWN_STRIPE = "it pays with test money of the double of Stripe, and STRIPE_SECRET_KEY is set: unset it"


def main() -> int:
    interrupts.raise_on_signals()
    interrupts.end_with_make()
    console = Console(quiet=True)
    try:
        _in_a_system(console)
    except (CommandError, PermissionError) as error:
        console.say(f"\nThe story ends here: {error}")
        return 1
    except interrupts.Interrupted:
        return 130  # as shells do: 128 and the number of SIGINT
    return 0


def _in_a_system(console: Console) -> None:
    asked = Settings.read()
    found = running_system.serving(asked)
    if found and found.run:
        environment, _ = running_system.beside()
        folder, settings = found.run
        _require_double(settings)
        console.say(f"In {found}:")
        tell(console.say, found.address, settings, environment, folder)
        return
    _require_double(asked)
    with running(asked, console, _STARTING) as stack:
        tell(console.say, stack.address, asked, stack.environment(), stack.data)


def tell(
    say: Callable[[str], None], address: str, settings: Settings, environment: Mapping[str, str], data: Path
) -> None:
    """Tell it in a running system. Raises CommandError."""
    secret = settings.given.get("SECRET_KEY") or data_folder.secret_key(data)
    stripe = payments.keys(secret, settings.stripe_double_port)
    with _admin_key(environment) as key:
        Story(
            *(say,),
            shop=address,
            admin_key=key,
            stripe=stripe["STRIPE_API_BASE"],
            stripe_key=stripe["STRIPE_SECRET_KEY"],
        ).tell()
    say("\nEverything went as it should.")


def _require_double(settings: Settings) -> None:
    if not settings.doubles_stripe:
        raise CommandError(_OWN_STRIPE)


@contextmanager
def _admin_key(environment: Mapping[str, str]) -> Iterator[str]:
    """A key as `make key` makes it, revoked at the end."""
    made = _keys(environment, "create", "--scope=admin", "--", "make story")
    try:
        yield made.stdout.strip()
    finally:
        _keys(environment, "revoke", made.stderr.partition(":")[0])


def _keys(environment: Mapping[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "services.api.keys", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(f"no key can be made for the admin: {done.stderr.strip()[-500:]}")
    return done


if __name__ == "__main__":
    sys.exit(main())
