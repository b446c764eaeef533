"""Retries for services that are briefly unavailable: a finished result, computed or even paid for, is worth a wait.

Postgres is back seconds after a restart, and a bucket after a slow-down. Without a retry, the job would be handed back
and all of its work done, and charged for, again.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from shared import errors, timeouts
from shared.db.pool import Connection, Database

_PAUSE_S = 0.5

T = TypeVar("T")


def retry_unavailable(step: Callable[[], T]) -> T:
    """The result of `step`, which must be safe to repeat; raises its Unavailable after `timeouts.RETRY_S`."""
    until = time.monotonic() + timeouts.RETRY_S
    while True:
        try:
            return step()
        except errors.Unavailable:
            if time.monotonic() >= until:
                raise
        time.sleep(_PAUSE_S)


def write(database: Database, *statements: Callable[[Connection], object], durable: bool = True) -> list[object]:
    """Run the statements in one transaction; returns their results. Only what must be durable is worth a retry."""

    def once() -> list[object]:
        with database.transaction(durable=durable) as connection:
            return [statement(connection) for statement in statements]

    return retry_unavailable(once) if durable else once()
