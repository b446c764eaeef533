"""`make run`: the whole system, a sample picture through it, a report; then it stays up until Ctrl-C."""

import sys
import time

from deploy.local import interrupts
from deploy.local.api_client import SAMPLE, ApiClient
from deploy.local.console import Console
from deploy.local.errors import CommandError
from deploy.local.report import report
from deploy.local.settings import Settings
from deploy.local.stack import Stack, running


def main() -> int:
    began = time.monotonic()
    interrupts.raise_on_signals()
    console = Console()
    try:
        settings = Settings.read()
        console.say("Starting Postgres, Redis, rembg, worker and api ...")
        with running(settings, console) as stack:
            console.say(f"\n{_shown(stack, time.monotonic() - began)}\n\n  open http://localhost:{settings.api_port}\n")
            stack.watch()
    except interrupts.Interrupted:
        console.say("stopped")
    except (CommandError, PermissionError) as error:
        console.say(f"\n{error}")
        return 1
    return 0


def _shown(stack: Stack, ready_s: float) -> str:
    """Send the sample picture through the running system, and say how that went."""
    outcome = ApiClient(stack.address).cut_out(SAMPLE.read_bytes(), SAMPLE.name)
    cutout = stack.data / "sample-cutout.png"
    cutout.write_bytes(outcome.cutout)
    return (
        f"  Ready in {ready_s:.1f} s. A picture went in, and its cut-out came out:\n\n{report(outcome)}\n\n    {cutout}"
    )


if __name__ == "__main__":
    sys.exit(main())
