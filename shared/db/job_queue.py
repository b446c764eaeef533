"""Jobs, as workers see them: the only place that moves one from state to state once it is accepted.

A worker claims with a lease and a fence; everything it writes later names that fence, and a function that returns
False tells it that the lease was lost (another worker has the job, or it was cancelled) and that nothing was written.
"""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from shared.db import assets, jobs
from shared.db.jobs import COLUMNS
from shared.db.pool import Connection
from shared.models.asset import AssetKind
from shared.models.cutout import Provider, Result
from shared.models.job import Job, JobFailure, Timings

MAX_ATTEMPTS = 3  # crashes or provider errors; a fourth try has never been seen to help
_HELD = "select id from jobs where id = %s and fence = %s and status = 'running' for update"
_SWEEP_LOCK = 7_283_002  # any number of our own
_DUE = "(jobs.status = 'queued' and jobs.run_after <= now() or jobs.status = 'running' and jobs.lease_until < now())"
# One job a picture at a time: the second then finds the first one's result instead of computing or paying again.
_FREE = """not exists (select from jobs busy
    where busy.asset_id = jobs.asset_id and busy.status = 'running' and busy.id <> jobs.id)"""


def claim_next(connection: Connection, lease_s: float) -> Job | None:
    """Take the next fair job: by priority, then the owner with the fewest running, then age. None when nothing is due.

    A row another worker is claiming at this moment is skipped, not waited for.
    """
    try:
        with connection.transaction():
            row = connection.execute(
                f"""with load as (
                    select user_id, count(*) as running from jobs
                    where status = 'running' and lease_until >= now() group by user_id
                ), next as (
                    select jobs.id from jobs left join load using (user_id)
                    where {_DUE} and attempts < {MAX_ATTEMPTS} and {_FREE}
                    order by priority, coalesce(load.running, 0), created_at
                    for update of jobs skip locked limit 1
                )
                update jobs set status = 'running', attempts = attempts + 1, fence = fence + 1, progress = 5,
                    lease_until = now() + %s * interval '1 second', started_at = coalesce(started_at, now())
                where id = (select id from next) returning {COLUMNS}""",
                [lease_s],
            ).fetchone()
    except UniqueViolation:  # another worker took a job of the same picture in this moment
        return None
    return jobs.from_row(row) if row else None


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


def cancelled(connection: Connection, job_ids: Iterable[UUID]) -> set[UUID]:
    """Those that their callers cancelled: a worker that loses one of them lost nothing."""
    rows = connection.execute(
        "select id from jobs where id = any(%s) and status = 'cancelled'", [list(job_ids)]
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


def finish(
    connection: Connection, job: Job, provider: Provider, result: Result, timings: Timings, fingerprint: str
) -> bool:
    """Done. `fingerprint` names everything the result depends on, for `reuse`."""
    return _changed(
        connection,
        """update jobs set status = 'done', progress = 100, provider = %s, result = %s, timings = %s, fingerprint = %s,
            lease_until = null, finished_at = now()
        where id = %s and fence = %s and status = 'running' returning id""",
        [provider, Jsonb(_json(result)), Jsonb(_json(timings)), fingerprint, job.id, job.fence],
    )


def reuse(connection: Connection, job: Job, fingerprints: list[str], timings: Timings) -> bool:
    """Finish, free of cost, with the result of an earlier job of one of these fingerprints whose objects all remain."""
    row = connection.execute(
        """select id, provider, result, fingerprint from jobs done where fingerprint = any(%s) and status = 'done'
        and (select count(*) from assets where job_id = done.id and deleted_at is null) = %s
        order by finished_at desc limit 1""",
        [fingerprints, len(assets.MADE)],
    ).fetchone()
    if row is None or not _changed(connection, _HELD, [job.id, job.fence]):
        return False
    ids_by_kind = assets.copy(connection, row["id"], job.id)
    if not ids_by_kind:  # deleted in this moment
        return False
    result = {**row["result"], "asset_id": str(ids_by_kind[AssetKind.CUTOUT]), "cost_microusd": 0}
    return _changed(
        connection,
        """update jobs set status = 'done', progress = 100, provider = %s, result = %s, timings = %s, fingerprint = %s,
            lease_until = null, finished_at = now()
        where id = %s and fence = %s and status = 'running' returning id""",
        [row["provider"], Jsonb(result), Jsonb(_json(timings)), row["fingerprint"], job.id, job.fence],
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


def bury_poison(connection: Connection) -> list[UUID]:
    """Fail the jobs that nobody may claim any more: dead or handed back at their last attempt."""
    rows = connection.execute(
        """update jobs set status = 'failed', error_code = %s, error_message = %s, lease_until = null,
            finished_at = now()
        where (status = 'queued' or status = 'running' and lease_until < now()) and attempts >= %s returning id""",
        [JobFailure.POISON, "The job was tried three times without an end and was given up.", MAX_ATTEMPTS],
    ).fetchall()
    return [row["id"] for row in rows]


def lead_sweep(connection: Connection) -> bool:
    """Whether this transaction is the one that sweeps now; the lead ends with it."""
    row = connection.execute("select pg_try_advisory_xact_lock(%s) as leads", [_SWEEP_LOCK]).fetchone()
    return bool(row and row["leads"])


def overdue(connection: Connection, grace_s: float) -> int:
    """How many jobs could run but have not been started for `grace_s`: their wake-up was lost, or nobody is free."""
    row = connection.execute(
        f"""select count(*) as waiting from jobs where {_DUE} and attempts < {MAX_ATTEMPTS} and {_FREE}
        and greatest(run_after, coalesce(lease_until, run_after)) < now() - %s * interval '1 second'""",
        [grace_s],
    ).fetchone()
    return int(row["waiting"]) if row else 0


def _changed(connection: Connection, statement: str, values: list[object]) -> bool:
    return connection.execute(statement, values).fetchone() is not None


def _json(value: Result | Timings) -> dict[str, Any]:
    return {name: str(v) if isinstance(v, UUID) else v for name, v in asdict(value).items()}
