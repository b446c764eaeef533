"""Maintenance: what nobody needs any more leaves, late enough to be sure, and a bounded amount of it each hour.

    guests' files       hidden 30 days after they were last sent, then as if deleted
    deleted assets      hidden at once; a week later their objects go, and then their rows
    objects no row has  a crash between object and row leaves them; they go when a week old
    repeated requests   their keys and answers are forgotten after a day, and uploads that were announced
    unfinished uploads  what was sent straight to the storage, and never completed, goes after a day

Any number of workers may run it at once: removing an object twice does no harm, and `shared.db.object_deletions` keeps
an object that is sent again at that very moment.
"""

import itertools
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from shared import log, metrics, storage
from shared.db import idempotency, object_deletions, pending_uploads
from shared.db.pool import Database

EVERY_S = 3600.0
DAY_S = 86_400
KEEP_S = 7 * DAY_S  # a delete by mistake can be undone, and a database restored from a dump finds its objects
KEEP_GUESTS_S = 30 * DAY_S
KEEP_UNFINISHED_S = DAY_S  # permission to send ends long before
AT_ONCE = 500  # of each kind a turn; 360,000 a month, where 10,000 pictures leave 50,000 objects
DELETE_S = 20  # after which a noted removal is left to the next turn: less than half of removals.GOING_S
_SLICES = 256  # of all objects, by the two digits in front of their keys
_PAGE = 1000  # objects compared with rows at once

_log = log.get("maintenance")


class Reason(StrEnum):
    DELETED = "deleted"
    UNKNOWN = "unknown"
    UNFINISHED = "unfinished"


class Maintenance:
    """What the hourly turn does; each part may be run alone."""

    def __init__(self, database: Database, objects: storage.Storage) -> None:
        self._database = database
        self._storage = objects

    def run(self) -> None:
        """One turn. The slice of objects compared with rows moves with the clock: all of them are met within a day."""
        self.expire()
        self.forget()
        self.prune()
        self.collect(slices(time.time()))
        self.collect_unfinished()

    def expire(self, keep_s: float = KEEP_GUESTS_S) -> int:
        """Hide what guests sent `keep_s` ago; returns how many. Files of API keys stay until they are deleted."""
        with self._database.transaction() as connection:
            expired = object_deletions.expire(connection, keep_s, AT_ONCE)
            object_deletions.forget_notes(connection)
        metrics.ASSETS_EXPIRED.inc(expired)
        return expired

    def forget(self, keep_s: float = DAY_S) -> int:
        """Forget the keys of repeated requests, and uploads that were announced, after a day; returns how many."""
        with self._database.transaction() as connection:
            return idempotency.prune(connection, keep_s) + pending_uploads.prune(connection, keep_s)

    def prune(self, keep_s: float = KEEP_S) -> int:
        """Remove objects whose every row was deleted `keep_s` ago, then the rows; returns how many."""
        with self._database.transaction() as connection:
            stems = object_deletions.due(connection, keep_s, AT_ONCE)
        return self._told(Reason.DELETED, sum(self._remove(stem, keep_s) for stem in stems))

    def collect(self, prefixes: Iterable[str], keep_s: float = KEEP_S) -> int:
        """Remove objects with these prefixes that are `keep_s` old and have no row; returns how many."""
        stems = itertools.islice(self._unknown(prefixes, keep_s), AT_ONCE)
        return self._told(Reason.UNKNOWN, sum(self._remove(stem, keep_s) for stem in stems))

    def collect_unfinished(self, keep_s: float = KEEP_UNFINISHED_S) -> int:
        """Remove what never became an asset; returns how many."""
        entries = itertools.islice(_old(self._storage.walk(storage.INCOMING), keep_s), AT_ONCE)
        return self._told(Reason.UNFINISHED, sum(self._delete(entry.key) for entry in entries))

    def _unknown(self, prefixes: Iterable[str], keep_s: float) -> Iterator[str]:
        for prefix in prefixes:
            entries = _old(self._storage.walk(prefix), keep_s)
            while stems := {storage.stem(entry.key) for entry in itertools.islice(entries, _PAGE)}:
                with self._database.transaction() as connection:
                    unknown = object_deletions.unknown(connection, stems)
                yield from sorted(unknown)

    def _remove(self, stem: str, keep_s: float) -> int:
        """Remove every object of the stem unless a row needs it; returns how many there were."""
        with self._database.transaction() as connection:
            if not object_deletions.note(connection, stem, keep_s):
                return 0
        noted_at, removed = time.monotonic(), 0
        for entry in self._storage.walk(stem):
            if time.monotonic() - noted_at > DELETE_S:  # somebody may rely on an object of that stem again
                return removed
            removed += self._delete(entry.key)
        with self._database.transaction() as connection:  # a row without object is met again, the opposite never is
            object_deletions.forget(connection, stem)
        return removed

    def _delete(self, key: str) -> int:
        self._storage.delete(key)
        return 1

    def _told(self, reason: Reason, removed: int) -> int:
        metrics.OBJECTS_REMOVED.labels(reason).inc(removed)
        if removed:
            _log.info("objects_removed", reason=reason, objects=removed)
        return removed


def slices(now_s: float) -> list[str]:
    """The prefixes of this hour: a little more than a 24th of all."""
    count = -(-_SLICES // 24)
    first = int(now_s // EVERY_S) * count
    return [f"{(first + number) % _SLICES:02x}" for number in range(count)]


def _old(entries: Iterable[storage.Entry], keep_s: float) -> Iterator[storage.Entry]:
    since = datetime.now(UTC) - timedelta(seconds=keep_s)
    return (entry for entry in entries if entry.modified_at < since)
