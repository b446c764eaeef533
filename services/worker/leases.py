"""Leases: while a job runs, its lease is renewed, so that only a dead worker's job is claimed by another.

One periodic task renews all leases of the process in one statement. A lease is not renewed past the job's deadline:
whatever blocks its thread, another worker gets the job, and the fencing number keeps the late one from writing. A job
whose end could not be written is handed back as soon as Postgres responds: its lease must not expire as if the worker
had died.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from shared import errors, log, metrics, timeouts
from shared.db import job_queue
from shared.db.pool import Database
from shared.models.job import Job, Queue

_log = log.get("leases")


class Leases:
    """The leases that this process holds."""

    def __init__(self, database: Database, lease_s: float) -> None:
        self._database = database
        self.lease_s = lease_s
        self._held: dict[UUID, tuple[int, float]] = {}
        self._unwritten: list[Job] = []
        self._lock = threading.Lock()

    @property
    def every_s(self) -> float:
        """The interval between renewals."""
        return self.lease_s / timeouts.RENEWALS_A_LEASE

    @contextmanager
    def holding(self, job: Job) -> Iterator[None]:
        """Renew the job's lease during the block. If that raises Unavailable, hand the job back once it can be."""
        with self._lock:
            self._held[job.id] = (job.fence, time.monotonic() + _longest_s(job))
        try:
            yield
        except errors.Unavailable:
            with self._lock:
                self._unwritten.append(job)
            raise
        finally:
            with self._lock:
                self._held.pop(job.id, None)

    def renew(self) -> None:
        """Extend every lease once; forget those that are lost."""
        self._hand_back()
        now = time.monotonic()
        with self._lock:
            held = [(job_id, fence) for job_id, (fence, until) in self._held.items() if now < until]
        if not held:
            return
        with self._database.transaction() as connection:
            lost = {job_id for job_id, _ in held} - job_queue.renew(connection, held, self.lease_s)
            cancelled = job_queue.cancelled(connection, lost) if lost else set()
        for job_id in lost:
            self._lose(job_id, cancelled=job_id in cancelled)

    def _hand_back(self) -> None:
        while self._unwritten:
            with self._database.transaction() as connection:
                job_queue.release(connection, self._unwritten[0], 0, counts=False)
            with self._lock:
                self._unwritten.pop(0)

    def _lose(self, job_id: UUID, *, cancelled: bool) -> None:
        with self._lock:
            lost = self._held.pop(job_id, None)
        if lost and not cancelled:  # otherwise the job ended between the two statements
            metrics.LEASES_LOST.inc()
            _log.warning("lease_lost", job_id=str(job_id))


def _longest_s(job: Job) -> float:
    return timeouts.JOB_S if job.queue == Queue.CUTOUTS else timeouts.PRINT_JOB_S
