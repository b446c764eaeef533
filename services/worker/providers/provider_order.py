"""The provider that a job gets first: by a hash of its id and the rollout percentage.

The same id gives the same number in every process and every attempt, so that a retry lands on the same side, and
raising the percentage only ever moves jobs from the paid side to ours.
"""

import hashlib
import time
from collections.abc import Callable
from uuid import UUID

from shared import errors
from shared.db import rollout
from shared.db.pool import Database
from shared.models.cutout import Provider

FRESH_S = 15.0  # a change takes effect within a minute, as operators are told
_PARTS = 10_000  # hundredths of a percent


class RolloutPercent:
    """Call it for the current percentage, `default` until an operator sets one. Safe to share between threads.

    Read every 15 seconds, and cached while Postgres is unavailable.
    """

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


def side(job_id: UUID) -> float:
    """A number from 0 to 100, evenly distributed over ids. UUIDv7 ids are ordered by time, hence the hash."""
    digest = hashlib.sha256(job_id.bytes).digest()
    return int.from_bytes(digest[:8], "big") % _PARTS * 100 / _PARTS


def order(job_id: UUID, percent: Callable[[], int], wanted: Provider | None) -> tuple[Provider, ...]:
    """Providers in the order to try. A job for which ours was chosen never costs money; all others may fall back."""
    if wanted is Provider.SELF_HOSTED:
        return (Provider.SELF_HOSTED,)
    if wanted is Provider.REMOVEBG or side(job_id) >= percent():
        return (Provider.REMOVEBG, Provider.SELF_HOSTED)
    return (Provider.SELF_HOSTED, Provider.REMOVEBG)
