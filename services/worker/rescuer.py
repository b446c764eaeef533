"""The rescuer: sends wake-ups for all jobs that are due and not running, and fails those without attempts left.

It makes every other failure survivable: a wake-up lost with Redis, a job whose delay has passed, a worker that died
with a lease. It sends only what is missing (due jobs minus unread wake-ups), so a long queue is not doubled, and
an empty queue costs Redis nothing.
"""

from collections.abc import Mapping

from shared import log, metrics
from shared.broker import Waker
from shared.db import ids, job_queue, job_report, mails, reconciliation, webhook_events, webhook_messages
from shared.db.pool import Connection, Database
from shared.models.job import Queue

AWAY_S = 2.0  # added between sweeps while Postgres or Redis is unavailable
GRACE_S = 0.5  # the wake-up of a job younger than this is most likely on its way
# Wake-ups of a queue per sweep; the rest come with the next. A worker without a place for a print job drops them.
AT_ONCE: Mapping[Queue, int] = {Queue.CUTOUTS: 100, Queue.QUICK: 10, Queue.SLOW: 2}
COUNTED = 200  # overdue jobs: with more unread wake-ups than these, workers have enough to read

_log = log.get("rescuer")


class Rescuer:
    """Any number of them may sweep: each sweep elects one, for all queues, whichever its worker serves."""

    def __init__(self, database: Database, waker: Waker) -> None:
        self._database = database
        self._waker = waker

    def sweep(self) -> int:
        """Sweep once; returns the number of wake-ups sent, 0 while another worker sweeps."""
        self._bring_up_to_date()
        with self._database.transaction() as connection:
            if not job_queue.lead_sweep(connection):
                return 0
            for queue, depth in job_report.depths(connection).items():
                metrics.QUEUE_DEPTH.labels(queue).set(depth.waiting)
                metrics.QUEUE_AGE.labels(queue).set(depth.oldest_s)
            metrics.MAIL_OVERDUE.set(mails.overdue_s(connection))  # here, so that no sender is needed to miss one
            metrics.RECONCILER_OVERDUE.set(reconciliation.overdue_s(connection))
            metrics.EVENTS_WAITING.set(webhook_events.waiting_s(connection))
            metrics.WEBHOOK_OVERDUE.set(webhook_messages.overdue_s(connection))
            return sum(self._wake(queue, self._missing(connection, queue)) for queue in Queue)

    def _missing(self, connection: Connection, queue: Queue) -> int:
        overdue = job_queue.overdue(connection, queue, GRACE_S, COUNTED)
        return min(AT_ONCE[queue], overdue - self._waker.waiting(queue)) if overdue else 0

    def _bring_up_to_date(self) -> None:
        with self._database.transaction() as connection:  # of its own: an unavailable broker would undo it
            job_queue.wake_due(connection)
            failed = job_queue.fail_exhausted(connection)
        for job_id in failed:
            metrics.JOBS.labels("failed", "poison").inc()
            _log.error("job_poison", job_id=str(job_id))

    def _wake(self, queue: Queue, times: int) -> int:
        sent = 0
        while sent < times and self._waker.wake(ids.new(), queue):
            sent += 1
        if sent:
            _log.info("wake_ups_resent", queue=queue, times=sent)
        return sent
