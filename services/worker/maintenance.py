"""Maintenance: deletes what is no longer needed, late enough to be sure, a bounded amount each hour.

    expired designs      hidden once they were last changed longer ago than the retention, and dropped a week later
    expired files        hidden once they were last uploaded longer ago than the retention and no design shows them;
                         then treated as deleted
    artwork of orders    the shop's copies, and the files made of them, hidden a year after the last that happened to
                         their finished orders (ARTWORK_RETENTION_DAYS); then treated as deleted
    deleted assets       hidden at once; after a week their objects are deleted, and then their rows
    orphaned objects     left by a crash between object and row; deleted when they are a week old
    batches              deleted with the pictures of their owners, or their jobs, whichever go first
    idempotency keys     deleted after a day with their responses
    sessions             deleted when they have expired; so are tokens of mails
    quotes               deleted a day after they expired, used or not
    direct uploads       what was sent and never completed is deleted after a day, and then the row that counts it
    unfinished writes    left by a crash in the same place; deleted after a day
    webhooks' messages   deleted 30 days after their event, delivered or not
    mails                deleted 30 days after they were queued, sent or not
    finished jobs        deleted after 90 days (JOB_RETENTION_DAYS) with their calls of providers

Any number of workers may run it at once: deleting an object twice does no harm, and `shared.db.object_deletions` keeps
an object that is sent again at that very moment.
"""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial

from shared import log, metrics, storage
from shared.db import (
    batches,
    designs,
    email_tokens,
    idempotency,
    jobs,
    mails,
    object_deletions,
    order_artwork,
    pending_uploads,
    provider_calls,
    quotes,
    sessions,
    webhook_messages,
)
from shared.db.pool import Connection, Database
from shared.models.owner import OwnerType
from shared.settings import Retention

EVERY_S = 3600.0
DAY_S = 86_400
KEEP_S = 7 * DAY_S  # a mistaken delete can be undone, and a database restored from a dump finds its objects
KEEP_MAILS_S = 30 * DAY_S  # unsent ones have failed long before; who asks after a mail asks sooner
KEEP_WEBHOOKS_S = 30 * DAY_S  # ten times as long as they are tried
KEEP_UNFINISHED_S = DAY_S  # the permission to send ends long before
AT_ONCE = 500  # of each kind per run: 360,000 a month, while 10,000 pictures leave 50,000 objects
DELETE_S = 20  # then the rest of a stem is left to the next run: less than half of object_deletions.GOING_S
BATCHES = 20  # of AT_ONCE finished jobs, mails or messages per run, each in a transaction of its own: 7 million a month
_SLICES = 256  # of all objects, by the first two digits of their keys
_PAGE = 1000  # objects compared with rows in one statement

_log = log.get("maintenance")


class Reason(StrEnum):
    DELETED = "deleted"
    UNKNOWN = "unknown"
    UNFINISHED = "unfinished"


class Maintenance:
    """The hourly run; each step may be run alone."""

    def __init__(self, database: Database, objects: storage.Storage, retention: Retention) -> None:
        self._database = database
        self._storage = objects
        self._job_days = retention.job_days
        self._artwork_days = retention.artwork_days
        self._retention_days = {
            OwnerType.GUEST: retention.guest_days,
            OwnerType.CUSTOMER: retention.customer_days,
            OwnerType.KEY: retention.customer_days,
        }

    def run(self) -> None:
        """Run all steps. The slice of objects compared with rows moves with the clock, so a day covers all of them."""
        self.expire()
        self.forget()
        self.forget_designs()
        self.forget_mails()
        self.forget_batches()
        self.forget_webhooks()
        self.forget_jobs()
        self.prune()
        self.collect(slices(time.time()))
        self.collect_unfinished()

    def expire(self) -> int:
        """Hide what was last changed or sent longer ago than the retention of its owner; returns how many files."""
        limits = [(owner_type, days * DAY_S) for owner_type, days in self._retention_days.items() if days]
        with self._database.transaction() as connection:
            for owner_type, keep_s in limits:
                designs.expire(connection, owner_type, keep_s, AT_ONCE)
            expired = sum(
                object_deletions.expire(connection, owner_type, keep_s, AT_ONCE) for owner_type, keep_s in limits
            )
            if self._artwork_days:
                expired += order_artwork.expire(connection, self._artwork_days * DAY_S, AT_ONCE)
            object_deletions.drop_announcements(connection)
        metrics.ASSETS_EXPIRED.inc(expired)
        return expired

    def forget(self, keep_s: float = DAY_S) -> int:
        """Delete expired sessions and tokens, and, after a day, idempotency keys, quotes and announced uploads.

        Returns how many.
        """
        with self._database.transaction() as connection:
            forgotten = idempotency.prune(connection, keep_s) + quotes.prune(connection, keep_s)
            forgotten += sessions.prune(connection) + email_tokens.prune(connection)
            uploads = pending_uploads.due(connection, keep_s, AT_ONCE)
        for upload_id in uploads:
            self._delete(f"{storage.INCOMING}{upload_id}")
        with self._database.transaction() as connection:
            pending_uploads.drop(connection, uploads)
        return forgotten + len(uploads)

    def forget_designs(self) -> int:
        """Delete designs that were hidden a week ago; returns how many."""
        return self._in_batches(designs.prune, KEEP_S)

    def forget_mails(self) -> int:
        """Delete mails after their time; returns how many."""
        return self._in_batches(mails.prune, KEEP_MAILS_S)

    def forget_batches(self) -> int:
        """Delete batches before their jobs and their owners' pictures; returns how many."""
        kept = {
            owner: min(filter(None, (days, self._job_days)), default=0) for owner, days in self._retention_days.items()
        }
        return sum(
            self._in_batches(partial(batches.prune, owner_type=owner), days * DAY_S)
            for owner, days in kept.items()
            if days
        )

    def forget_webhooks(self) -> int:
        """Delete messages of webhooks after their time; returns how many."""
        return self._in_batches(webhook_messages.prune, KEEP_WEBHOOKS_S)

    def forget_jobs(self) -> int:
        """Delete finished jobs after their retention, and then the calls that were made for them; returns how many."""
        if not self._job_days:
            return 0
        keep_s = self._job_days * DAY_S
        forgotten = self._in_batches(jobs.prune, keep_s) + self._in_batches(provider_calls.prune, keep_s)
        if forgotten:
            _log.info("jobs_forgotten", rows=forgotten)
        return forgotten

    def _in_batches(self, prune: Callable[[Connection, float, int], int], keep_s: float) -> int:
        total = 0
        for _ in range(BATCHES):
            with self._database.transaction() as connection:
                pruned = prune(connection, keep_s, AT_ONCE)
            total += pruned
            if pruned < AT_ONCE:
                break
        return total

    def prune(self, keep_s: float = KEEP_S) -> int:
        """Delete objects all of whose rows were deleted `keep_s` ago, then the rows; returns how many."""
        with self._database.transaction() as connection:
            stems = object_deletions.due(connection, keep_s, AT_ONCE)
        return self._report(Reason.DELETED, sum(self._remove(stem, keep_s) for stem in stems))

    def collect(self, prefixes: Iterable[str], keep_s: float = KEEP_S) -> int:
        """Delete objects with these prefixes that are `keep_s` old and have no row; returns how many."""
        stems = itertools.islice(self._unknown(prefixes, keep_s), AT_ONCE)
        return self._report(Reason.UNKNOWN, sum(self._remove(stem, keep_s) for stem in stems))

    def collect_unfinished(self, keep_s: float = KEEP_UNFINISHED_S) -> int:
        """Delete what never became an asset; returns how many."""
        entries = itertools.islice(_old(self._storage.walk(storage.INCOMING), keep_s), AT_ONCE)
        return self._report(Reason.UNFINISHED, sum(self._delete(entry.key) for entry in entries))

    def _unknown(self, prefixes: Iterable[str], keep_s: float) -> Iterator[str]:
        for prefix in prefixes:
            entries = _old(self._storage.walk(prefix), keep_s)
            while stems := {storage.stem(entry.key) for entry in itertools.islice(entries, _PAGE)}:
                with self._database.transaction() as connection:
                    unknown = object_deletions.unknown(connection, stems)
                yield from sorted(unknown)

    def _remove(self, stem: str, keep_s: float) -> int:
        """Delete all objects of the stem unless a row needs them; returns how many there were."""
        with self._database.transaction() as connection:
            if not object_deletions.announce(connection, stem, keep_s):
                return 0
        noted_at, removed = time.monotonic(), 0
        for entry in self._storage.walk(stem):
            if time.monotonic() - noted_at > DELETE_S:  # an upload may rely on an object of that stem again
                return removed
            removed += self._delete(entry.key)
        with (
            self._database.transaction() as connection
        ):  # a row without an object is found again, an object without a row is not
            object_deletions.drop_rows(connection, stem)
        return removed

    def _delete(self, key: str) -> int:
        self._storage.delete(key)
        return 1

    def _report(self, reason: Reason, removed: int) -> int:
        metrics.OBJECTS_REMOVED.labels(reason).inc(removed)
        if removed:
            _log.info("objects_removed", reason=reason, objects=removed)
        return removed


def slices(now_s: float) -> list[str]:
    """Prefixes for the current hour: a little more than a 24th of all."""
    count = -(-_SLICES // 24)
    first = int(now_s // EVERY_S) * count
    return [f"{(first + number) % _SLICES:02x}" for number in range(count)]


def _old(entries: Iterable[storage.Entry], keep_s: float) -> Iterator[storage.Entry]:
    since = datetime.now(UTC) - timedelta(seconds=keep_s)
    return (entry for entry in entries if entry.modified_at < since)
