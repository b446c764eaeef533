"""Jobs as workers see them: after its creation, a job changes its state only here, or because its owner cancels it.

A worker claims a job with a lease and a fencing number. Every later write names that number; a function that returns
False wrote nothing, because the lease was lost: another worker has the job, or its owner cancelled it.
"""

from collections.abc import Collection, Iterable
from dataclasses import asdict
from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from shared import errors
from shared.db import assets, jobs
from shared.db.jobs import COLUMNS
from shared.db.pool import Connection
from shared.models.cutout import Provider
from shared.models.job import Job, JobFailure, Outcome, Timings

MAX_ATTEMPTS = 3  # provider errors, or deaths while it ran alone; one more has never been seen to help
_SWEEP_LOCK = 7_283_002  # any number that no other advisory lock uses
_HELD = "id = %(id)s and fence = %(fence)s and status = 'running'"
_DUE = "(jobs.status = 'queued' and jobs.run_after <= now() or jobs.status = 'running' and jobs.lease_until < now())"
# Its worker died while others ran beside it: that does not count, but the job runs alone from now on.
_ISOLATED = "(jobs.isolated or jobs.status = 'running' and not jobs.alone)"
_HAS_ATTEMPTS = f"jobs.attempts < {MAX_ATTEMPTS} + {_ISOLATED}::int"
# One job per asset at a time: the second one then finds the first one's result instead of computing or paying again.
_FREE = """
    not exists (
        select from jobs busy
        where busy.asset_id = jobs.asset_id and busy.status = 'running' and busy.id <> jobs.id
    )
"""


class MustRunAlone(Exception):
    """The next job may only run in a process that runs no other."""


def claim_next(
    connection: Connection, lease_s: float, types: Collection[str] | None = None, *, alone: bool = True
) -> Job | None:
    """Claim the next due job: by priority, then the owner with the fewest running, then age.

    Only a job of these types, unless `types` is None. A row that another worker is claiming is skipped, not waited for.
    `alone`: this process runs no other job until this one has ended. Raises MustRunAlone if the next job needs that.
    Must be the first statement of its transaction, which it rolls back if another worker claims the same asset.
    """
    try:
        row = connection.execute(
            f"""
            with load as (
                select user_id, count(*) as running
                from jobs
                where status = 'running' and lease_until >= now()
                group by user_id
            ), next as (
                select jobs.id
                from jobs
                left join load using (user_id)
                where {_DUE}
                    and {_HAS_ATTEMPTS}
                    and (%(types)s::text[] is null or type = any(%(types)s))
                    and {_FREE}
                order by priority, coalesce(load.running, 0), created_at
                limit 1
                for update of jobs skip locked
            )
            update jobs
            set status = 'running', attempts = attempts + 1, fence = fence + 1, progress = 5,
                isolated = {_ISOLATED}, alone = %(alone)s,
                lease_until = now() + %(lease_s)s * interval '1 second', started_at = coalesce(started_at, now())
            where id = (select id from next)
            returning {COLUMNS}
            """,
            {"lease_s": lease_s, "types": None if types is None else list(types), "alone": alone},
        ).fetchone()
    except UniqueViolation:
        connection.rollback()
        return None
    if row and row["isolated"] and not alone:
        raise MustRunAlone
    return jobs.from_row(row) if row else None


def renew(connection: Connection, held: Iterable[tuple[UUID, int]], lease_s: float) -> set[UUID]:
    """Extend the leases of (id, fence) pairs; returns the ids still held."""
    ids, fences = zip(*held, strict=True)
    rows = connection.execute(
        """
        update jobs
        set lease_until = now() + %s * interval '1 second'
        from unnest(%s::uuid[], %s::int[]) as mine (id, fence)
        where jobs.id = mine.id and jobs.fence = mine.fence and status = 'running'
        returning jobs.id
        """,
        [lease_s, list(ids), list(fences)],
    ).fetchall()
    return {row["id"] for row in rows}


def cancelled(connection: Connection, job_ids: Iterable[UUID]) -> set[UUID]:
    """Those that their owners cancelled: for their worker, that is no lost lease."""
    rows = connection.execute(
        """
        select id
        from jobs
        where id = any(%s) and status = 'cancelled'
        """,
        [list(job_ids)],
    ).fetchall()
    return {row["id"] for row in rows}


def advance(connection: Connection, job: Job, progress: int) -> bool:
    """Raise the progress that the owner sees; it never goes back."""
    return _update(connection, job, "progress = greatest(progress, %(progress)s)", progress=progress)


def finish(connection: Connection, job: Job, outcome: Outcome, timings: Timings) -> bool:
    """End a job that is done, and add the rows of its assets. A lost lease leaves no rows.

    Raises SourceMissing, and writes nothing, if its picture was deleted: what was made of it must not appear.
    """
    done = _update(
        connection,
        job,
        """
        status = 'done', progress = 100, lease_until = null, finished_at = now(), provider = %(provider)s,
        result = %(result)s, timings = %(timings)s, fingerprint = %(fingerprint)s
        """,
        condition="exists (select from assets where id = jobs.asset_id and deleted_at is null)",
        provider=outcome.provider,
        result=Jsonb(outcome.result),
        timings=Jsonb(asdict(timings)),
        fingerprint=outcome.fingerprint,
    )
    if not done and assets.find(connection, None, job.asset_id) is None:
        raise errors.SourceMissing
    if done and outcome.assets:
        assets.add_all(connection, outcome.assets)
    return done


def find_outcome(connection: Connection, fingerprints: Collection[str], asset_count: int) -> Outcome | None:
    """The newest outcome with one of these fingerprints of which all assets remain: so many, and a rendering's file."""
    row = connection.execute(
        """
        select id, provider, result, fingerprint
        from jobs
        where fingerprint = any(%s)
            and status = 'done'
            and (select count(*) from assets where job_id = jobs.id and deleted_at is null)
                = %s + (input ? 'rendering')::int
        order by finished_at desc
        limit 1
        """,
        [list(fingerprints), asset_count],
    ).fetchone()
    if row is None:
        return None
    provider = Provider(row["provider"]) if row["provider"] else None
    return Outcome(row["result"], tuple(assets.of_job(connection, row["id"])), provider, row["fingerprint"])


def fail(connection: Connection, job: Job, error: JobFailure, message: str, timings: Timings) -> bool:
    return _update(
        connection,
        job,
        """
        status = 'failed', lease_until = null, finished_at = now(), error_code = %(error)s,
        error_message = %(message)s, timings = %(timings)s
        """,
        error=error,
        message=message,
        timings=Jsonb(asdict(timings)),
    )


def release(connection: Connection, job: Job, delay_s: float, *, counts: bool) -> bool:
    """Hand the job back, to be run again after `delay_s`.

    An attempt that failed for outside reasons does not count; its delay is added to `postponed_s`, which an attempt
    that counts resets.
    """
    return _update(
        connection,
        job,
        """
        status = 'queued', progress = 0, lease_until = null, attempts = attempts - (not %(counts)s)::int,
        run_after = now() + %(delay_s)s * interval '1 second',
        postponed_s = case when %(counts)s then 0 else postponed_s + %(delay_s)s end
        """,
        counts=counts,
        delay_s=delay_s,
    )


def fail_exhausted(connection: Connection) -> list[UUID]:
    """Fail the jobs that may not be claimed again: their last attempt died alone, or was handed back."""
    rows = connection.execute(
        f"""
        update jobs
        set status = 'failed', error_code = %s, error_message = %s, lease_until = null, finished_at = now()
        where (status = 'queued' or status = 'running' and lease_until < now())
            and not {_HAS_ATTEMPTS}
        returning id
        """,
        [JobFailure.POISON, "The job was tried several times and never completed."],
    ).fetchall()
    return [row["id"] for row in rows]


def lead_sweep(connection: Connection) -> bool:
    """Whether this transaction leads the sweep; the lead ends with it."""
    row = connection.execute("select pg_try_advisory_xact_lock(%s) as leads", [_SWEEP_LOCK]).fetchone()
    return bool(row and row["leads"])


def overdue(connection: Connection, grace_s: float) -> int:
    """The number of jobs that have been due for `grace_s`: their wake-up was lost, or all workers are busy."""
    row = connection.execute(
        f"""
        select count(*) as waiting
        from jobs
        where {_DUE}
            and {_HAS_ATTEMPTS}
            and {_FREE}
            and greatest(run_after, coalesce(lease_until, run_after)) < now() - %s * interval '1 second'
        """,
        [grace_s],
    ).fetchone()
    return int(row["waiting"]) if row else 0


def _update(connection: Connection, job: Job, changes: str, *, condition: str = "true", **values: object) -> bool:
    """Change a job that this worker still holds, if the condition holds too."""
    row = connection.execute(
        f"""
        update jobs
        set {changes}
        where {_HELD} and {condition}
        returning id
        """,
        {"id": job.id, "fence": job.fence, **values},
    ).fetchone()
    return row is not None
