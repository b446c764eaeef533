"""The threads that take in what batches bring: pictures are read or fetched, checked and stored, and their jobs queued.

    request ──> ZIP file in storage, rows ──> response
                                 │ claimed with a lease, one picture at a time
    ingestion                       └──> the checks of any upload ──> asset and job, or an error, in one transaction

So a request with 500 pictures holds its thread no longer than one with a few, and 500 addresses hold none. A process
that dies leaves leases, which end; any number of instances may run. Pictures in files and pictures at addresses have
threads of their own: a slow server delays no file.
"""

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.api.assets import ingest
from services.api.batches import archives
from services.api.dependencies import Dependencies
from services.api.middleware.upload_parser import Upload, plain_name
from shared import errors, log, storage
from shared.db import assets, batch_ingestion, batches, pending_uploads
from shared.models.batch import WaitingItem
from shared.models.job import JobError, JobFailure

FILE_THREADS = 2  # as many as there are decoders
ADDRESS_THREADS = 4  # half of what `url_fetcher` does at once, so that single requests find it free
IDLE_S = 15.0  # between two looks, unless a request wakes the threads: for what a dead process has left
LEASE_S = 120.0  # far more than fetching, decoding and storing take, each at its limit
RETRY_S = 5.0
MAX_ATTEMPTS = 3  # that ended in no answer at all
GIVE_UP = timedelta(days=1)  # of a batch: when its files are removed

_log = log.get("ingestion")


class _Taken(Exception):
    """Another thread has the picture, since our lease has ended."""


class Ingestion:
    """Built before the dependencies that it is one of, and started once they are complete."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._threads: list[_Thread] = []

    def start(self, deps: Dependencies) -> None:
        kinds = (*[False] * FILE_THREADS, *[True] * ADDRESS_THREADS)
        self._threads = [_Thread(deps, self._stopped, addresses=addresses) for addresses in kinds]
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Let the threads look for pictures now."""
        for thread in self._threads:
            thread.woken.set()

    def stop(self) -> None:
        """Begin no further picture; may be repeated."""
        self._stopped.set()
        self.wake()

    def join(self, timeout_s: float) -> None:
        """Wait for the pictures in work. If the process ends before, their leases end, and others take them in."""
        for thread in self._threads:
            thread.join(timeout_s)


class _Thread(threading.Thread):
    def __init__(self, deps: Dependencies, stopped: threading.Event, *, addresses: bool) -> None:
        super().__init__(name="ingestion", daemon=True)
        self.woken = threading.Event()
        self._deps = deps
        self._stopped = stopped
        self._addresses = addresses
        self._file: tuple[UUID, bytes] | None = None  # the one read last, as the next picture is often in it

    def run(self) -> None:
        while True:
            self.woken.clear()
            if self._stopped.is_set():  # looked at after that: who stops the threads wakes them then
                return
            try:
                while not self._stopped.is_set() and self._take_next():
                    pass
            except errors.Unavailable:  # the database
                self.woken.wait(RETRY_S)
            except Exception as error:  # noqa: BLE001 - the thread must survive whatever one picture brings
                _log.exception("ingestion_failed", error=type(error).__name__)
                self.woken.wait(RETRY_S)
            else:
                self._file = None
                self.woken.wait(IDLE_S)

    def _take_next(self) -> bool:
        """Take in one picture; False when none waits."""
        with self._deps.database.transaction() as connection:
            item = batch_ingestion.claim(connection, LEASE_S, addresses=self._addresses)
        if item is None:
            return False
        log.begin(request_id=item.batch.request_id, batch_id=str(item.batch.id))
        try:
            self._judge(item)
        finally:
            self._forget_file(item)
        return True

    def _judge(self, item: WaitingItem) -> None:
        """Take it in, or write why not."""
        if item.attempts > MAX_ATTEMPTS:
            self._refuse(item, JobError(JobFailure.POISON, "The picture could not be taken in: every attempt failed."))
            return
        try:
            with suppress(_Taken):
                self._take_in(item)
        except (errors.Busy, errors.Unavailable) as failure:
            self._postpone(item, failure)
        except errors.Failure as failure:
            self._refuse(item, JobError(failure.code, failure.public))
        except Exception as error:  # noqa: BLE001 - a fault of ours: it is tried again, and then refused
            _log.exception("picture_not_taken_in", error=type(error).__name__)
            with self._deps.database.transaction() as connection:
                batch_ingestion.release(connection, item, RETRY_S, counts=True)

    def _take_in(self, item: WaitingItem) -> None:
        received = self._received(item)
        deps, owner, counted = self._deps, item.batch.owner, len(received.data or b"")
        stored = ingest.store(deps, owner, received, counted=counted)
        with deps.database.transaction() as connection:
            batch = batch_ingestion.hold(connection, item)
            if batch is None:
                return
            asset, created = assets.add(connection, replace(stored, owner=batch.owner))
            job = batches.queue(connection, batch, asset.id)
            if not batch_ingestion.ingested(connection, item, asset, job.id, brought=created):
                raise _Taken
        deps.waker.wake(job.id, job.queue)

    def _received(self, item: WaitingItem) -> Upload:
        if item.url:
            return Upload(None, url=item.url, name=plain_name(item.name))
        assert item.file_id is not None
        assert item.entry is not None
        return Upload.of(archives.read(self._read(item.file_id), item.entry), plain_name(item.name))

    def _read(self, file_id: UUID) -> bytes:
        if self._file is None or self._file[0] != file_id:
            self._file = None
            try:
                self._file = file_id, self._deps.storage.get(key_of(file_id))
            except storage.Missing:
                raise errors.SourceMissing("The file was removed before the picture was taken in.") from None
        return self._file[1]

    def _postpone(self, item: WaitingItem, failure: errors.Failure) -> None:
        if datetime.now(UTC) - item.batch.created_at > GIVE_UP:
            self._refuse(item, JobError(failure.code, failure.public))
            return
        with self._deps.database.transaction() as connection:
            batch_ingestion.release(connection, item, failure.retry_after_s or RETRY_S, counts=False)
        self._stopped.wait(1)  # or all that wait would be claimed in vain, one after the other

    def _refuse(self, item: WaitingItem, error: JobError) -> None:
        with self._deps.database.transaction() as connection:
            batch_ingestion.refused(connection, item, error)
        _log.info("picture_refused", code=error.code)

    def _forget_file(self, item: WaitingItem) -> None:
        """Remove a file once no picture in it waits; maintenance removes what is left after a day."""
        if item.file_id is None:
            return
        with self._deps.database.transaction() as connection:
            if batch_ingestion.needs_file(connection, item.file_id):
                return
        self._deps.storage.delete(key_of(item.file_id))
        with self._deps.database.transaction() as connection:
            pending_uploads.drop(connection, [item.file_id])


def key_of(file_id: UUID) -> str:
    return f"{storage.INCOMING}{file_id}"
