"""Failpoints: named steps at which a test can make this process die, stop, fail or wait.

`FAILPOINT=w4:exit` works only together with `TESTING=1`, and a deployment that sets FAILPOINT alone does not start.
The decorators leave a function as it is; only arming one replaces its function, so a deployment runs none of this. The
steps, in the order of a job's life:

    api     a1 body read, a2 object stored, a3 row committed, a4 wake-up sent and response made
    worker  w1 wake-up received, w2 job claimed, w3 source fetched, w4 provider called, w5 provider replied,
            w6 result stored, w7 row committed, w8 before the wake-up is done
    order   o1 stock taken, o2 all rows written, o3 response recorded, o4 committed; when it is cancelled: o5 written,
            o6 committed (in the api)
    payment p1 row committed, p2 Stripe answered, p3 answer written, p4 answer committed; of an event: p5 stored,
            p6 effect written, p7 effect committed (in the api)
    refund  f1 row written, f2 row committed, f3 Stripe answered, f4 answer written, f5 answer committed (in the api)
    mail    m1 accepted by the mail server (in the api)
    webhook h1 answered by the receiver (in the worker)
    rembg   r1 queued, r2 has a slot (tests cut its connection to simulate a death while it replies)
"""

import os
import re
import signal
import sys
import time
from collections.abc import Callable
from functools import partial, reduce, wraps
from typing import Any, Literal, Self, TypeVar

from pydantic import Field, model_validator

from shared import settings

_SPEC = re.compile(r"([afhmopwr][1-8]):(exit|stop|raise|sleep (\d+(?:\.\d+)?))")


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


Function = TypeVar("Function", bound=Callable[..., Any])
_marked: dict[str, tuple[Callable[..., Any], Literal["before", "after"]]] = {}  # by step


def before(step: str) -> Callable[[Function], Function]:
    """Name a step that every call of the function reaches first."""
    return partial(_mark, step, "before")


def after(step: str) -> Callable[[Function], Function]:
    """Name a step that every return of the function reaches, but no error."""
    return partial(_mark, step, "after")


def arm(point: Failpoint) -> None:
    """Make the process fail at the step that the settings name. Only for composition roots."""
    parts = _SPEC.fullmatch(point.spec)
    if parts is None or parts[1] not in _marked:  # or it is a step of another service
        return
    function, when = _marked[parts[1]]
    act = partial(_do, parts[2], float(parts[3] or 0))

    @wraps(function)
    def armed(*args: Any, **kwargs: Any) -> Any:
        if when == "before":
            act()
        result = function(*args, **kwargs)
        if when == "after":
            act()
        return result

    *owners, name = function.__qualname__.split(".")
    setattr(reduce(getattr, owners, sys.modules[function.__module__]), name, armed)


def _mark(step: str, when: Literal["before", "after"], function: Function) -> Function:
    _marked[step] = (function, when)
    return function


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
