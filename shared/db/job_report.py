"""The operators' figures of jobs: how many wait in each queue and how long, jobs by state, the newest dead ones."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db.pool import Connection
from shared.models.job import JobState, Queue

COUNTED = 10_000  # rows at most for each figure


@dataclass(frozen=True, slots=True)
class Dead:
    """A job that failed for a reason of ours."""

    id: UUID
    code: str
    message: str
    attempts: int
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """The state of all queues together, each state counted to COUNTED. `oldest_queued_s` is None while it is empty."""

    states: dict[JobState, int]
    oldest_queued_s: float | None
    dead: list[Dead]


@dataclass(frozen=True, slots=True)
class Depth:
    """The number of queued jobs, and the age of the oldest in seconds, 0 when there is none."""

    waiting: int
    oldest_s: float


def depths(connection: Connection) -> dict[Queue, Depth]:
    """The depth of each queue.

    Only COUNTED owners of each are counted; the number is a lower bound while more of them wait.
    """
    rows = connection.execute(
        """
        select
            queue,
            (
                select coalesce(sum(waiting), 0)
                from (
                    select waiting from owner_queues where owner_queues.queue = queues.queue and waiting > 0 limit %s
                ) counted
            ) as waiting,
            coalesce((
                select extract(epoch from now() - created_at)
                from jobs
                where status = 'queued' and jobs.queue = queues.queue
                order by created_at
                limit 1
            ), 0)::float as oldest_s
        from unnest(%s::text[]) as queues (queue)
        """,
        [COUNTED, list(Queue)],
    ).fetchall()
    return {Queue(row["queue"]): Depth(int(row["waiting"]), row["oldest_s"]) for row in rows}


def report(connection: Connection, limit: int = 50) -> Report:
    """Jobs by state, the age of the oldest queued one, and the newest dead ones."""
    counted = connection.execute(
        """
        select status, jobs
        from unnest(%s::text[]) as states (status)
        cross join lateral (
            select count(*) as jobs from (select from jobs where jobs.status = states.status limit %s) counted
        ) counts
        """,
        [list(JobState), COUNTED],
    ).fetchall()
    waiting = [depth.oldest_s for depth in depths(connection).values() if depth.waiting]
    dead = connection.execute(
        """
        select id, error_code as code, error_message as message, attempts, finished_at
        from jobs
        where status = 'failed' and error_code <> 'unknown_foreground'
        order by finished_at desc
        limit %s
        """,
        [limit],
    ).fetchall()
    return Report(
        states=dict.fromkeys(JobState, 0) | {JobState(row["status"]): int(row["jobs"]) for row in counted},
        oldest_queued_s=max(waiting, default=None),
        dead=[Dead(**row) for row in dead],
    )
