"""Lists the objects, then copies those that are missing, several at once; each is checked before and after.

1. Read it and compare its MD5 with the ETag of its first listing; an object that differs is damaged and not copied.
2. Look up the target: store the object if there is none; a different one is reported and left alone.
3. Compare the copy's ETag with the MD5, or read the copy and compare its SHA-256 if the ETag is not an MD5.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from tempfile import SpooledTemporaryFile
from typing import TypeVar

from deploy.migrate_storage.ledger import Ledger, Record
from deploy.migrate_storage.progress import Progress
from shared import errors
from shared.storage import Missing
from shared.storage.migration_bucket import Fetched, Listed, MigrationBucket

_IN_MEMORY = 8 * 1024 * 1024  # bytes; larger objects are buffered on disk
T = TypeVar("T")


class Refused(Exception):
    """The object cannot be copied; the message says why."""


def find(source: MigrationBucket, ledger: Ledger, *, accept_changed: bool) -> list[str]:
    """Record every object as it was first listed; one that has changed since only with `accept_changed`.

    Returns the keys of changed objects.
    """
    changed = []
    for listed in source.walk():
        record = ledger.records.get(listed.key)
        if record is not None and record.listed != listed:
            changed.append(listed.key)
        if record is None or (accept_changed and record.listed != listed):
            ledger.found(listed)
    return changed


def copy(source: MigrationBucket, target: MigrationBucket, ledger: Ledger, workers: int) -> None:
    """Copy what is missing. The ledger keeps the reasons for failures, which the next run tries again."""
    missing = list(ledger.missing())
    progress = Progress("copied", len(missing), sum(record.listed.bytes for record in missing))
    for record, outcome in each(missing, lambda record: copy_one(source, target, record.listed), workers):
        if isinstance(outcome, str):
            ledger.refused(record.listed.key, outcome)
        else:
            ledger.copied(record.listed.key, outcome.sha256)
        progress.add(record.listed.bytes)
    ledger.sync()


def verify(target: MigrationBucket, ledger: Ledger, workers: int) -> None:
    """Read and compare every copy; one that differs counts as not copied."""
    copies = list(ledger.copies())
    progress = Progress("verified", len(copies), sum(record.listed.bytes for record in copies))
    for record, outcome in each(copies, lambda record: target.fetch(record.listed.key), workers):
        if isinstance(outcome, str):
            ledger.refused(record.listed.key, outcome)
        elif outcome.sha256 != record.sha256:
            ledger.refused(record.listed.key, "the copy has changed since")
        progress.add(record.listed.bytes)
    ledger.sync()


def copy_one(source: MigrationBucket, target: MigrationBucket, listed: Listed) -> Fetched:
    with SpooledTemporaryFile(_IN_MEMORY) as file:
        fetched = source.fetch(listed.key, file)
        if fetched.bytes != listed.bytes or fetched.md5 != (listed.md5 or fetched.md5):
            raise Refused(f"damaged: MD5 {fetched.md5}, {fetched.bytes} bytes; listed as {listed.tag}, {listed.bytes}")
        before = target.head(listed.key)
        there = before or target.put(listed.key, file, fetched)
    if not _same(target, there, fetched):
        raise Refused("the target has another object with this key" if before else "the copy arrived damaged")
    return fetched


def _same(target: MigrationBucket, there: Listed, fetched: Fetched) -> bool:
    if there.md5:
        return there.md5 == fetched.md5
    return target.fetch(there.key).sha256 == fetched.sha256


def each(records: Iterable[Record], work: Callable[[Record], T], workers: int) -> Iterator[tuple[Record, T | str]]:
    """Yield (record, result of `work` or why it failed) as they complete; only a few are submitted in advance."""
    waiting = iter(records)
    running: dict[Future[T], Record] = {}
    with ThreadPoolExecutor(workers) as pool:
        try:
            while True:
                while len(running) < 2 * workers and (record := next(waiting, None)):
                    running[pool.submit(work, record)] = record
                if not running:
                    return
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    outcome = _outcome(done)
                    yield running.pop(done), outcome
        finally:
            pool.shutdown(cancel_futures=True)


def _outcome(done: Future[T]) -> T | str:
    try:
        return done.result()
    except Refused as error:
        return str(error)
    except Missing:
        return "it no longer exists"
    except errors.Unavailable as error:
        return f"{error.public} ({error.__cause__})"
