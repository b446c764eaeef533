"""The rollout percentage: read every 15 seconds, and kept while Postgres is unavailable."""

import time

from shared import errors
from shared.db import rollout
from shared.db.pool import Database

FRESH_S = 15.0  # operators are promised that a change takes effect within a minute


class RolloutPercent:
    """Call it for the current percentage, `default` until an operator sets one. Safe to share between threads."""

    def __init__(self, database: Database, default: int) -> None:
        self._database = database
        self._default = default
        self._known = default
        self._read_at = float("-inf")

    def __call__(self) -> int:
        if time.monotonic() - self._read_at > FRESH_S:
            self._read_at = time.monotonic()
            try:
                with self._database.transaction() as connection:
                    percent = rollout.current(connection)
                self._known = self._default if percent is None else percent
            except errors.Unavailable:
                pass
        return self._known
