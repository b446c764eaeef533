"""`make run`: start the whole system, send a sample picture through it, report, and stay up until Ctrl-C."""

import sys
import time

from deploy.local import interrupts, payments
from deploy.local.api_client import SAMPLE, ApiClient
from deploy.local.console import Console
from deploy.local.errors import CommandError
from deploy.local.report import report
from deploy.local.settings import Settings
from deploy.local.stack import Stack, running

_GOOD_FOR = {
    "compact": "built in; for garments, logos and products on quiet backgrounds. For photographs of anything:"
    "\n              `make models` fetches u2net (176 MB), which the next `make run` uses"
}
_MAILS_SENT = "go out through the server of SMTP_URL"
_MAILS_KEPT = (
    "stay here, as SMTP_URL is not set. To read them, with the key that `make key NAME=me SCOPE=admin` prints:\n"
    "              curl -H 'X-API-Key: KEY' {}/api/admin/mails"
)


def main() -> int:
    began = time.monotonic()
    interrupts.raise_on_signals()
    interrupts.end_with_make()
    console = Console(quiet=True)
    try:
        settings = Settings.read()
        with running(settings, console, "Starting Postgres, Valkey, rembg, mock-ups, worker and api ...") as stack:
            console.say(_sample_report(stack, time.monotonic() - began))
            console.say(
                f"\n  Open http://localhost:{settings.api_port} and drop a picture of your own. Ctrl-C stops it.\n"
            )
            console.show_all()
            stack.watch()
    except interrupts.Interrupted:
        console.say("stopped")
    except (CommandError, PermissionError) as error:
        console.say(f"\n{error}")
        return 1
    return 0


def _sample_report(stack: Stack, ready_s: float) -> str:
    """Send the sample picture through the running system and say how that went."""
    outcome = ApiClient(stack.address).cut_out(SAMPLE.read_bytes(), SAMPLE.name)
    cutout = stack.data / "sample-cutout.png"
    cutout.write_bytes(outcome.cutout)
    network = str(outcome.job["result"]["model"])
    return (
        f"\n  Ready in {ready_s:.1f} s. A sample picture went in, and its cut-out came out:\n\n{report(outcome)}\n\n"
        f"    network   {network}{f', {_GOOD_FOR[network]}' if network in _GOOD_FOR else ''}\n"
        f"    sample    {SAMPLE}\n"
        f"    cut-out   {cutout}\n"
        f"    data      {stack.data} (set DATA_DIR to store it elsewhere)\n"
        f"    payments  {payments.words(stack.environment())}\n"
        f"    mails     {_MAILS_SENT if stack.environment().get('SMTP_URL') else _MAILS_KEPT.format(stack.address)}"
    )


if __name__ == "__main__":
    sys.exit(main())
