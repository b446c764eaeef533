"""Failpoints: named steps at which a test can make this process die, stop, fail or wait.

`FAILPOINT=w4:exit` works only together with `TESTING=1`; otherwise `reach` does nothing, and a deployment that sets
FAILPOINT alone does not start. The steps, in the order of a job's life:

    api     a1 body read, a2 object stored, a3 row committed, a4 wake-up sent, a5 response made
    worker  w1 wake-up received, w2 job claimed, w3 source fetched, w4 provider called, w5 provider replied,
            w6 result stored, w7 row committed, w8 before the wake-up is done
    rembg   r1 queued, r2 has a slot (tests cut its connection to simulate a death while it replies)
"""

import os
import re
import signal
import time
from collections.abc import Callable
from typing import Self

from pydantic import Field, model_validator

from shared import settings

_SPEC = re.compile(r"([awr][1-8]):(exit|stop|raise|sleep (\d+(?:\.\d+)?))")


class Injected(Exception):
    """The error of the action `raise`."""


class Failpoint(settings.EnvSettings):
    spec: str = Field("", validation_alias="FAILPOINT")
    testing: bool = Field(False, validation_alias="TESTING")

    @model_validator(mode="after")
    def _only_in_tests(self) -> Self:
        if self.spec and not self.testing:
            raise ValueError("FAILPOINT works only with TESTING=1")
        if self.spec and not _SPEC.fullmatch(self.spec):
            raise ValueError("FAILPOINT must look like w4:exit, w4:stop, w4:raise or w4:sleep 3")
        return self


def _nothing(step: str) -> None:
    """No failpoint is armed."""


_act: Callable[[str], None] = _nothing


def reach(step: str) -> None:
    """Mark a step as reached."""
    _act(step)


def arm(point: Failpoint) -> None:
    """Make the process fail at the step that the settings name. Only for composition roots."""
    global _act
    parts = _SPEC.fullmatch(point.spec)
    if parts is None:
        return
    step, action, seconds = parts[1], parts[2], parts[3]

    def act(reached: str) -> None:
        if reached == step:
            _do(action, float(seconds or 0))

    _act = act


def _do(action: str, seconds: float) -> None:
    match action:
        case "exit":
            os.kill(os.getpid(), signal.SIGKILL)  # as an out-of-memory kill would: nothing is cleaned up
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "raise":
            raise Injected(action)
        case _:
            time.sleep(seconds)
