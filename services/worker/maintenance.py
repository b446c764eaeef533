"""Maintenance: removes the objects of assets that were deleted long enough ago to be sure."""

from shared import log
from shared.db import assets
from shared.db.pool import Database
from shared.storage import Storage

EVERY_S = 3600.0
KEEP_S = 7 * 86_400  # a delete by mistake can be undone for a week
AT_ONCE = 500

_log = log.get("maintenance")


class Maintenance:
    """Harmless when several workers run it, as removing twice is removing once."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage

    def prune(self, keep_s: float = KEEP_S) -> int:
        """Remove objects whose every row was deleted `keep_s` ago, then the rows; returns how many."""
        with self._database.transaction() as connection:
            keys = assets.removable(connection, keep_s, AT_ONCE)
        for key in keys:
            self._storage.delete(key)  # the object first: a row without one is met again, an object without a row never
            with self._database.transaction() as connection:
                assets.forget(connection, key)
        if keys:
            _log.info("pruned", objects=len(keys))
        return len(keys)
