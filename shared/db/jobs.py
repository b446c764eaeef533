"""Jobs: the record of every promise made, and the only place that moves one from state to state.

A worker claims with a lease and a fence; everything it writes later names that fence, and a function that returns
None or False tells it that the lease was lost (another worker has the job, or it was cancelled) and that nothing was
written.
"""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.db import paging
from shared.db.pool import Connection
from shared.models import (
    Foreground,
    Job,
    JobError,
    JobFailure,
    JobState,
    JobType,
    Owner,
    OwnerType,
    Provider,
    Result,
    Timings,
)

MAX_ATTEMPTS = 3  # crashes or provider errors; a fourth try has never been seen to help
_SWEEP_LOCK = 7_283_002  # any number of our own
_COLUMNS = """id, owner_type, user_id, type, asset_id, status, progress, attempts, fence, priority, version, provider,
    timings, result, error_code, error_message, created_at, started_at, finished_at"""
_DUE = "(status = 'queued' and run_after <= now() or status = 'running' and lease_until < now())"


def create(connection: Connection, job_id: UUID, owner: Owner, asset_id: UUID) -> Job:
    row = connection.execute(
        f"""insert into jobs (id, owner_type, user_id, type, asset_id) values (%s, %s, %s, %s, %s)
        returning {_COLUMNS}""",
        [job_id, owner.type, owner.id, JobType.CUTOUT, asset_id],
    ).fetchone()
    assert row is not None
    return _job(row)


def find(connection: Connection, owner: Owner, job_id: UUID) -> Job | None:
    row = connection.execute(
        f"select {_COLUMNS} from jobs where id = %s and owner_type = %s and user_id = %s",
        [job_id, owner.type, owner.id],
    ).fetchone()
    return _job(row) if row else None


def page(
    connection: Connection, owner: Owner, limit: int, after: paging.Cursor | None, status: JobState | None
) -> paging.Page[Job]:
    """The owner's jobs, newest first."""
    rows = connection.execute(
        f"""select {_COLUMNS} from jobs where owner_type = %(type)s and user_id = %(id)s
        and (%(status)s::text is null or status = %(status)s)
        and (%(at)s::timestamptz is null or (created_at, id) < (%(at)s::timestamptz, %(after)s::uuid))
        order by created_at desc, id desc limit %(limit)s""",
        {
            "type": owner.type,
            "id": owner.id,
            "limit": limit + 1,
            "status": status,
            "at": after.created_at if after else None,
            "after": after.id if after else None,
        },
    ).fetchall()
    return paging.page([_job(row) for row in rows], limit)


def claim_next(connection: Connection, lease_s: float) -> Job | None:
    """Take the next fair job: by priority, then the owner with the fewest running, then age. None when nothing is due.

    A row another worker is claiming at this moment is skipped, not waited for.
    """
    row = connection.execute(
        f"""with load as (
            select user_id, count(*) as running from jobs
            where status = 'running' and lease_until >= now() group by user_id
        ), next as (
            select jobs.id from jobs left join load using (user_id)
            where {_DUE} and attempts < {MAX_ATTEMPTS}
            order by priority, coalesce(load.running, 0), created_at
            for update of jobs skip locked limit 1
        )
        update jobs set status = 'running', attempts = attempts + 1, fence = fence + 1, progress = 5,
            lease_until = now() + %s * interval '1 second', started_at = coalesce(started_at, now())
        where id = (select id from next) returning {_COLUMNS}""",
        [lease_s],
    ).fetchone()
    return _job(row) if row else None


def renew(connection: Connection, held: Iterable[tuple[UUID, int]], lease_s: float) -> set[UUID]:
    """Prolong the leases of (id, fence) pairs; returns the ids still held."""
    ids, fences = zip(*held, strict=True)
    rows = connection.execute(
        """update jobs set lease_until = now() + %s * interval '1 second'
        from unnest(%s::uuid[], %s::int[]) as mine (id, fence)
        where jobs.id = mine.id and jobs.fence = mine.fence and status = 'running' returning jobs.id""",
        [lease_s, list(ids), list(fences)],
    ).fetchall()
    return {row["id"] for row in rows}


def advance(connection: Connection, job: Job, progress: int, provider: Provider | None = None) -> bool:
    """Show how far the work is."""
    return _changed(
        connection,
        """update jobs set progress = %s, provider = coalesce(%s, provider)
        where id = %s and fence = %s and status = 'running' returning id""",
        [progress, provider, job.id, job.fence],
    )


def finish(connection: Connection, job: Job, provider: Provider, result: Result, timings: Timings) -> bool:
    return _changed(
        connection,
        """update jobs set status = 'done', progress = 100, provider = %s, result = %s, timings = %s,
            lease_until = null, finished_at = now()
        where id = %s and fence = %s and status = 'running' returning id""",
        [provider, Jsonb(_json(result)), Jsonb(_json(timings)), job.id, job.fence],
    )


def fail(connection: Connection, job: Job, error: JobFailure, message: str, timings: Timings) -> bool:
    return _changed(
        connection,
        """update jobs set status = 'failed', error_code = %s, error_message = %s, timings = %s,
            lease_until = null, finished_at = now()
        where id = %s and fence = %s and status = 'running' returning id""",
        [error, message, Jsonb(_json(timings)), job.id, job.fence],
    )


def release(connection: Connection, job: Job, delay_s: float, *, counts: bool) -> bool:
    """Hand the job back, to be run again after `delay_s`.

    An attempt that does not count was nobody's fault but a helper's.
    """
    return _changed(
        connection,
        """update jobs set status = 'queued', progress = 0, lease_until = null, attempts = attempts - %s,
            run_after = now() + %s * interval '1 second'
        where id = %s and fence = %s and status = 'running' returning id""",
        [0 if counts else 1, delay_s, job.id, job.fence],
    )


def cancel(connection: Connection, owner: Owner, job_id: UUID) -> Job | None:
    """Cancel a job that has not ended; None when there is none that could be. A worker busy with it is fenced off."""
    row = connection.execute(
        f"""update jobs set status = 'cancelled', fence = fence + 1, lease_until = null, finished_at = now()
        where id = %s and owner_type = %s and user_id = %s and status in ('queued', 'running') returning {_COLUMNS}""",
        [job_id, owner.type, owner.id],
    ).fetchone()
    return _job(row) if row else None


def retry(connection: Connection, owner: Owner, job_id: UUID) -> Job | None:
    """Queue a failed or cancelled job again, attempts from 0; None when it is neither."""
    row = connection.execute(
        f"""update jobs set status = 'queued', progress = 0, attempts = 0, run_after = now(), started_at = null,
            finished_at = null, error_code = null, error_message = null, provider = null, timings = '{{}}'
        where id = %s and owner_type = %s and user_id = %s and status in ('failed', 'cancelled')
        returning {_COLUMNS}""",
        [job_id, owner.type, owner.id],
    ).fetchone()
    return _job(row) if row else None


def bury_poison(connection: Connection) -> list[UUID]:
    """Fail the jobs whose worker died on them as often as is allowed."""
    rows = connection.execute(
        """update jobs set status = 'failed', error_code = %s, error_message = %s, lease_until = null,
            finished_at = now()
        where status = 'running' and lease_until < now() and attempts >= %s returning id""",
        [JobFailure.POISON, "The job ended its worker three times and was given up.", MAX_ATTEMPTS],
    ).fetchall()
    return [row["id"] for row in rows]


def lead_sweep(connection: Connection) -> bool:
    """Whether this transaction is the one that sweeps now; the lead ends with it."""
    row = connection.execute("select pg_try_advisory_xact_lock(%s) as leads", [_SWEEP_LOCK]).fetchone()
    return bool(row and row["leads"])


def overdue(connection: Connection, grace_s: float) -> int:
    """How many jobs could run but have not been started for `grace_s`: their doorbell was lost, or nobody is free."""
    row = connection.execute(
        f"""select count(*) as waiting from jobs where {_DUE} and attempts < {MAX_ATTEMPTS}
        and greatest(run_after, coalesce(lease_until, run_after)) < now() - %s * interval '1 second'""",
        [grace_s],
    ).fetchone()
    return int(row["waiting"]) if row else 0


def _changed(connection: Connection, statement: str, values: list[object]) -> bool:
    return connection.execute(statement, values).fetchone() is not None


def _json(value: Result | Timings) -> dict[str, Any]:
    return {name: str(v) if isinstance(v, UUID) else v for name, v in asdict(value).items()}


def _result(stored: dict[str, Any]) -> Result:
    rest = {name: v for name, v in stored.items() if name not in ("asset_id", "foreground")}
    return Result(asset_id=UUID(stored["asset_id"]), foreground=Foreground(**stored["foreground"]), **rest)


def _job(row: dict[str, Any]) -> Job:
    failed = row["error_code"] is not None
    return Job(
        id=row["id"],
        owner=Owner(OwnerType(row["owner_type"]), row["user_id"]),
        type=JobType(row["type"]),
        asset_id=row["asset_id"],
        status=JobState(row["status"]),
        progress=row["progress"],
        attempts=row["attempts"],
        fence=row["fence"],
        priority=row["priority"],
        version=row["version"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        timings=Timings(**row["timings"]),
        provider=Provider(row["provider"]) if row["provider"] else None,
        result=_result(row["result"]) if row["result"] else None,
        error=JobError(row["error_code"], row["error_message"]) if failed else None,
    )
