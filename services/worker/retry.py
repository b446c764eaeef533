"""Patience with what is away for a moment: a cut-out in hand, computed or even paid for, is worth waiting for.

Postgres is back some seconds after a restart, and a bucket after a slow-down. Without patience the job would be handed
back and all of its work done, and charged, again.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from shared import errors, timeouts

_PAUSE_S = 0.5

T = TypeVar("T")


def retry_unavailable(step: Callable[[], T]) -> T:
    """The outcome of `step`, which must be safe to repeat; its Unavailable once patience has ended."""
    until = time.monotonic() + timeouts.PATIENCE_S
    while True:
        try:
            return step()
        except errors.Unavailable:
            if time.monotonic() >= until:
                raise
        time.sleep(_PAUSE_S)
