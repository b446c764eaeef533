"""The first request to stop reaches out of any wait; later ones change nothing."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.local import interrupts
from tests.deploy.local.processes import ended, eventually

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


@pytest.mark.parametrize(("environment", "ends"), [({"MAKELEVEL": "1"}, True), ({}, False)], ids=["make", "shell"])
def test_a_command_ends_with_the_make_that_started_it_but_not_with_a_shell(
    environment: dict[str, str], *, ends: bool
) -> None:
    script = "from deploy.local import interrupts; interrupts.end_with_make(); print('up', flush=True); input()"
    command = [sys.executable, "-c", script]
    starter = f"import subprocess; child = subprocess.Popen({command!r}); print(child.pid, flush=True); child.wait()"
    with subprocess.Popen(
        [sys.executable, "-c", starter],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as make:
        assert make.stdout
        lines = {make.stdout.readline(), make.stdout.readline()}
        (child,) = (int(line) for line in lines if line != "up\n")
        make.kill()
        make.wait()
        if ends:
            eventually(lambda: ended(child), "its end")
        else:
            time.sleep(2 * interrupts.LOOK_S)
            assert not ended(child)
