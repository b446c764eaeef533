"""Signals that ask us to stop, raised as an exception: it ends any wait, and cleaning up happens in `finally`."""

import os
import signal
import threading
import time

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # Ctrl-C, `kill`, a closed terminal
LOOK_S = 0.5


class Interrupted(BaseException):
    """We were asked to stop. Not an Exception, so that no handler of errors swallows it."""


def raise_on_signals() -> None:
    """From now on the first of these signals raises Interrupted in the main thread; later ones are ignored."""
    for number in _STOP_SIGNALS:
        signal.signal(number, _interrupt)


def ignore_signals() -> None:
    """Stopping has begun; a second Ctrl-C must not break it off half way."""
    for number in _STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def end_with_make() -> None:
    """End soon after the `make` that started this process is killed, which nothing else reports."""
    if "MAKELEVEL" in os.environ:
        threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os.kill(os.getpid(), signal.SIGKILL)  # which ends every child as well; see exec_child


def _interrupt(*_: object) -> None:
    ignore_signals()
    raise Interrupted
