"""Failpoints do nothing in a deployment and take effect in tests."""

import os
import signal
import subprocess
import sys
import time

import pytest

from shared import failpoints, settings

_PROGRAM = """
import sys
from shared import failpoints

class Steps:
    @failpoints.before("w1")
    def w1(self):
        pass

    @failpoints.after("w4")
    def w4(self):
        print("in w4", flush=True)
        return "w4"

@failpoints.before("w5")
def w5():
    pass

plain = Steps.w4
failpoints.arm(failpoints.Failpoint.read())
print("armed" if Steps.w4 is not plain else "plain", flush=True)
for step in sys.argv[1:]:
    print(step, flush=True)
    globals().get(step, getattr(Steps(), step, None))()
print("end", flush=True)
"""


def _run(*steps: str, **environment: str) -> subprocess.Popen[str]:
    clean = {name: value for name, value in os.environ.items() if name not in ("FAILPOINT", "TESTING")}
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, *steps],
        env={**clean, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _said(process: subprocess.Popen[str]) -> tuple[list[str], str]:
    out, err = process.communicate(timeout=30)
    return out.split(), err


def test_without_a_failpoint_every_step_is_passed() -> None:
    assert _said(_run("w1", "w5"))[0] == ["plain", "w1", "w5", "end"]
    assert _said(_run("w1", TESTING="1"))[0] == ["plain", "w1", "end"]


def test_a_deployment_that_sets_a_failpoint_does_not_start() -> None:
    for testing in ({}, {"TESTING": ""}, {"TESTING": "0"}):
        process = _run("w1", FAILPOINT="w1:exit", **testing)
        out, err = _said(process)
        assert (process.returncode, out) == (3, [])  # the status of invalid settings
        assert "FAILPOINT works only with TESTING=1" in err
        assert "Traceback" not in err


@pytest.mark.parametrize("spec", ["w4", "w4:explode", "w9:exit", "x1:exit", "w4:sleep", "w4:sleep x", "w4:exit now"])
def test_an_unknown_failpoint_is_refused_at_start(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTING", "1")
    monkeypatch.setenv("FAILPOINT", spec)
    with pytest.raises(settings.Invalid, match="must look like"):
        failpoints.Failpoint.read()


def test_exit_ends_the_process_without_cleanup() -> None:
    process = _run("w1", "w4", "w5", FAILPOINT="w4:exit", TESTING="1")
    out, err = _said(process)
    assert (process.returncode, out, err) == (-signal.SIGKILL, ["armed", "w1", "w4", "in", "w4"], "")


def test_stop_suspends_the_process() -> None:
    process = _run("w1", "w4", FAILPOINT="w4:stop", TESTING="1")
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    os.kill(process.pid, signal.SIGCONT)
    assert _said(process)[0] == ["armed", "w1", "w4", "in", "w4", "end"]


def test_raise_fails_at_the_step() -> None:
    process = _run("w1", "w4", FAILPOINT="w4:raise", TESTING="1")
    out, err = _said(process)
    assert (process.returncode, out) == (1, ["armed", "w1", "w4", "in", "w4"])
    assert "Injected" in err


def test_sleep_delays_the_step() -> None:
    began = time.monotonic()
    assert _said(_run("w4", FAILPOINT="w4:sleep 0.5", TESTING="1"))[0] == ["armed", "w4", "in", "w4", "end"]
    assert time.monotonic() - began >= 0.5


def test_a_step_before_a_function_is_reached_without_it() -> None:
    assert _said(_run("w5", FAILPOINT="w5:exit", TESTING="1"))[0] == ["plain", "w5"]


def test_a_step_of_another_service_changes_nothing() -> None:
    assert _said(_run("w1", FAILPOINT="r1:exit", TESTING="1"))[0] == ["plain", "w1", "end"]
