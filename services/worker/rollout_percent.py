"""The rollout percentage as a worker sees it: asked for every 15 seconds, remembered while Postgres is away."""

import time

from shared import errors
from shared.db import rollout
from shared.db.pool import Database

FRESH_S = 15.0  # a change is promised to work within a minute


class RolloutPercent:
    """Call it for the percentage in force; `default` rules until an operator has set one. Safe to share."""

    def __init__(self, database: Database, default: int) -> None:
        self._database = database
        self._default = default
        self._known = default
        self._asked = float("-inf")

    def __call__(self) -> int:
        if time.monotonic() - self._asked > FRESH_S:
            self._asked = time.monotonic()
            try:
                with self._database.transaction() as connection:
                    percent = rollout.current(connection)
                self._known = self._default if percent is None else percent
            except errors.Unavailable:
                pass
        return self._known
