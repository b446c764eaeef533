"""The first request to stop reaches out of any wait; later ones change nothing."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = """
import signal, time
from deploy.local import interrupts
interrupts.raise_on_signals()
try:
    print("waiting", flush=True)
    time.sleep(60)
except Exception:
    print("taken for an error")
except interrupts.Interrupted:
    signal.raise_signal(signal.SIGINT)
    print("interrupted once")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_wait_ends_at_the_first_signal_and_clearing_up_is_not_disturbed(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", SCRIPT], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(number)
        rest, _ = process.communicate(timeout=30)
    assert (rest, process.returncode) == ("interrupted once\n", 0)
