"""The reaper: rings again for every job that could run and does not, and buries the poisonous ones.

It makes every other failure survivable: a wake-up lost with Redis, a job waiting for its turn to try again, a worker
that died with a lease. It rings only for what is still missing (waiting jobs minus unanswered wake-ups), so a long
queue is not doubled, and while nothing waits it costs Redis nothing.
"""

from shared import log, metrics
from shared.broker import Waker
from shared.db import ids, job_queue, jobs
from shared.db.pool import Database

AWAY_S = 2.0  # more between sweeps while Postgres or Redis is away
GRACE_S = 0.5  # a job younger than this is most likely on its way
AT_ONCE = 100  # wake-ups a sweep; the rest comes with the next

_log = log.get("rescuer")


class Rescuer:
    """Any number of them may sweep, as each sweep elects one."""

    def __init__(self, database: Database, waker: Waker) -> None:
        self._database = database
        self._waker = waker

    def sweep(self) -> int:
        """Bury and ring once; returns the number of rings. Nobody rings while another worker does."""
        self._bury()
        with self._database.transaction() as connection:
            if not job_queue.lead_sweep(connection):
                return 0
            depth, oldest_s = jobs.depth(connection)
            metrics.QUEUE_DEPTH.set(depth)
            metrics.QUEUE_AGE.set(oldest_s)
            waiting = job_queue.overdue(connection, GRACE_S)
            missing = min(AT_ONCE, waiting - self._waker.waiting()) if waiting else 0
            return self._ring(missing)

    def _bury(self) -> None:
        with self._database.transaction() as connection:  # of its own: without the broker, ringing would undo it
            buried = job_queue.bury_poison(connection)
        for job_id in buried:
            metrics.JOBS.labels("failed", "poison").inc()
            _log.error("job_poison", job_id=str(job_id))

    def _ring(self, times: int) -> int:
        rung = 0
        while rung < times and self._waker.wake(ids.new()):
            rung += 1
        if rung:
            _log.info("rang_again", times=rung)
        return rung
