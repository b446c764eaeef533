"""Job types: each is a handler, which does the work of a job and knows nothing of claims, leases and states."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from services.worker.providers.router import Router
from shared import metrics
from shared.db.pool import Database
from shared.images.press_profiles import NO_PROFILES, Profiles
from shared.models.asset import Asset
from shared.models.job import Job, Outcome, Timings
from shared.storage import Storage


@dataclass(frozen=True, slots=True)
class Resources:
    """What handlers are built from. All of it may be shared between threads.

    `print_after_cutout`: a cut-out is followed by its print edges and their check.
    """

    database: Database
    storage: Storage
    router: Router
    secret: str
    print_after_cutout: bool = False
    profiles: Profiles = NO_PROFILES


@dataclass(frozen=True, slots=True)
class Task:
    """A claimed job, its asset (None once that was deleted), and the milliseconds of each step so far."""

    job: Job
    asset: Asset | None
    spent: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure a step; `name` is one of the fields of Timings."""
        began = time.perf_counter()
        try:
            yield
        finally:
            took_s = time.perf_counter() - began
            self.spent[f"{name}_ms"] = round(took_s * 1000)
            metrics.JOB_SECONDS.labels(name).observe(took_s)

    def timings(self) -> Timings:
        started_at = self.job.started_at or self.job.created_at
        queued_ms = _ms(self.job.created_at, started_at)
        return Timings(queued_ms=queued_ms, total_ms=queued_ms + _ms(started_at, datetime.now(UTC)), **self.spent)


class Handler(Protocol):
    """One job type; `run` may be called from any number of threads.

    A worker may die at any moment, and the job is then run again: whatever `run` stores must be named by its content,
    and its rows belong into the outcome, which is written together with the end of the job.
    """

    def run(self, task: Task) -> Outcome:
        """Do the work. Raises what `services.worker.failures` lists."""
        ...


def _ms(start: datetime, end: datetime) -> int:
    return max(0, round((end - start).total_seconds() * 1000))
