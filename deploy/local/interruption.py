"""Being asked to stop, as an exception: it reaches out of every wait, and clearing up happens in `finally`."""

import signal

_ASKED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # Ctrl-C, `kill`, a closed terminal


class Interrupted(BaseException):
    """Somebody asked us to stop. No error, so that nothing that catches errors swallows it."""


def raise_on_signals() -> None:
    """From now on the first of these signals raises Interrupted in the main thread, and the rest are ignored."""
    for number in _ASKED:
        signal.signal(number, _interrupt)


def ignore_signals() -> None:
    """Stopping has begun; an impatient second Ctrl-C must not break it off half way."""
    for number in _ASKED:
        signal.signal(number, signal.SIG_IGN)


def _interrupt(*_: object) -> None:
    ignore_signals()
    raise Interrupted
