"""The runner: claims the next job, runs it under a lease, and settles it. It knows no job type.

    claim ──> handler ──> finish
      │          │ Failed: fail at once        Retryable: another attempt, three in all
      └ nothing  │ Postponed: run again later, without counting the attempt
                 └ LeaseLost: write nothing

A job whose worker died is run while this process runs no other: if it kills this one too, nothing else is to blame.

A run writes nothing that a second run would not write again: objects are named by their content, rows are fenced. So a
worker may die between any two steps, and the job simply runs once more.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from services.worker import retry
from services.worker.failures import Failed, LeaseLost, Postponed, Retryable
from services.worker.handlers import Handler, Task
from services.worker.leases import Leases
from services.worker.places import Places
from services.worker.shared_lock import SharedLock
from shared import errors, failpoints, log, metrics, timeouts
from shared.db import assets, job_queue
from shared.db.pool import Connection, Database
from shared.models.job import QUEUES, Job, JobFailure, Outcome, Queue

GIVE_UP_S = 86_400  # a job that was postponed for a day in a row fails
SOON_S, LATE_S = 1.0, 15.0  # the delay of a postponed job grows with those before, between these

_log = log.get("runner")


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs as many jobs at once as threads call `run_next`."""

    database: Database
    leases: Leases
    handlers: Mapping[str, Handler]
    threads: int  # that call `run_next`
    queues: Sequence[Queue]
    wake: Callable[[UUID, Queue], object] = lambda *_: (
        None
    )  # a worker of the queue, for what follows the job of this id
    _running: SharedLock = field(init=False, default_factory=lambda: SharedLock(timeouts.JOB_S))
    _places: Places = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", Places(self.threads, self.queues))

    def run_next(self) -> bool:
        """Run the next fair job until it has ended or is handed back. False when there was none."""
        with suppress(job_queue.MustRunAlone), self._running.shared():
            return self._run_next(alone=self.threads == 1)
        with self._running.exclusive() as alone:
            return alone and self._run_next(alone=True)

    def _run_next(self, *, alone: bool) -> bool:
        task = self._places.take(partial(self._claim, alone=alone))
        if task is None:
            return False
        try:
            self._run_leased(task)
        finally:
            queue = Queue(task.job.queue)
            if self._places.give_back(queue):
                self.wake(task.job.id, queue)
        return True

    def _claim(self, queues: Sequence[Queue], *, alone: bool) -> Task | None:
        types = self.handlers.keys()
        with self.database.transaction() as connection:
            job = job_queue.claim_next(connection, self.leases.lease_s, types, queues=queues, alone=alone)
            return Task(job, assets.find(connection, None, job.asset_id)) if job else None

    def _run_leased(self, task: Task) -> None:
        job = task.job
        metrics.ATTEMPTS.labels(job.attempts).inc()
        log.begin(job_id=str(job.id), request_id=job.request_id or str(job.id))
        _log.info("job_claimed", queue=job.queue, attempt=job.attempts, isolated=job.isolated)
        with self.leases.holding(job):
            self._run(task)

    @failpoints.before("w2")
    def _run(self, task: Task) -> None:
        """Run the job, and write every way in which that can end."""
        try:
            outcome = self.handlers[task.job.type].run(task)
            self._finish(task, outcome)
        except LeaseLost:
            self._record_outcome(task.job, "running", written=False)
        except errors.SourceMissing as error:
            self._fail(task, JobFailure.SOURCE_MISSING, error.public)
        except Failed as error:
            self._fail(task, error.failure, error.message)
        except (Postponed, errors.Unavailable) as error:
            self._postpone(task, error)
        except Retryable as error:
            self._retry_or_fail(task, error, error.failure)
        except Exception as error:  # noqa: BLE001 - a bug must cost one job its attempts, not the worker its thread
            _log.exception("job_crashed")
            self._retry_or_fail(task, error, JobFailure.POISON)

    @failpoints.after("w7")
    def _finish(self, task: Task, outcome: Outcome) -> None:
        timings = task.timings()
        written = self._write(partial(job_queue.finish, job=task.job, outcome=outcome, timings=timings))
        if not outcome.reused:
            metrics.JOB_SECONDS.labels("total").observe((timings.total_ms or 0) / 1000)
        self._record_outcome(task.job, "done", written, total_ms=timings.total_ms, reused=outcome.reused)
        for following in outcome.follow_ups if written else ():
            self.wake(task.job.id, QUEUES[following.type])

    def _fail(self, task: Task, failure: JobFailure, message: str) -> None:
        statement = partial(job_queue.fail, job=task.job, error=failure, message=message, timings=task.timings())
        self._record_outcome(task.job, "failed", self._write(statement), error=failure)

    def _postpone(self, task: Task, error: Postponed | errors.Unavailable) -> None:
        """Wait for a service that the job needs: that is not the job's fault, so the attempt does not count."""
        postponed_s = task.job.postponed_s
        if postponed_s > GIVE_UP_S:
            failure = error.failure if isinstance(error, Postponed) else JobFailure.PROVIDER_FAILED
            self._fail(task, failure, "A service that this job needs was unavailable for a day.")
            return
        delay_s = max(error.retry_after_s or 0, min(LATE_S, SOON_S + postponed_s / 10))
        _log.warning("job_postponed", error=str(error)[:200], delay_s=round(delay_s, 1))
        self._write(partial(job_queue.release, job=task.job, delay_s=delay_s, counts=False))

    def _retry_or_fail(self, task: Task, error: Exception, failure: JobFailure) -> None:
        """Another attempt after a failure that may pass, three in all."""
        job = task.job
        if job.attempts >= job_queue.MAX_ATTEMPTS + job.isolated:
            self._fail(task, failure, "Every attempt at this job failed.")
            return
        _log.warning("attempt_failed", error=str(error)[:200], attempt=job.attempts)
        self._write(partial(job_queue.release, job=job, delay_s=SOON_S * 2**job.attempts, counts=True))

    def _record_outcome(self, job: Job, state: str, written: bool, *, error: str = "", **facts: object) -> None:
        if written:
            metrics.JOBS.labels(state, error).inc()
            _log.info(f"job_{state}", **facts, **({"error": error} if error else {}))
        elif self._write(partial(job_queue.cancelled, job_ids=[job.id])):
            _log.info("job_cancelled_meanwhile", state=state)
        else:
            metrics.LEASES_LOST.inc()
            _log.warning("result_fenced_off", state=state)

    def _write(self, statement: Callable[[Connection], object]) -> bool:
        (result,) = retry.write(self.database, statement)
        return bool(result)
