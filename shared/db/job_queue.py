"""Jobs as workers see them: after its creation, a job changes its state only here, or because its owner cancels it.

A worker claims a job with a lease and a fencing number. Every later write names that number; a function that returns
False wrote nothing, because the lease was lost: another worker has the job, or its owner cancelled it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, replace
from uuid import UUID

from psycopg.errors import DatatypeMismatch, UniqueViolation
from psycopg.types.json import Jsonb

from shared import errors
from shared.db import assets, ids, jobs, webhook_messages
from shared.db.jobs import COLUMNS
from shared.db.pool import Connection
from shared.models.cutout import MaskPrecision, Provider
from shared.models.job import FollowUp, Job, JobFailure, Outcome, Queue, Timings
from shared.models.owner import Owner, OwnerType

MAX_ATTEMPTS = 3  # provider errors, or deaths while it ran alone; one more has never been seen to help
AT_ONCE = 1000  # jobs that one statement of a sweep wakes or fails; the next sweep comes a second later
_SWEEP_LOCK = 7_283_002  # any number that no other advisory lock uses
# With the lock, their deletion waits for the end of this transaction, and then finds what it has added.
_PRESENT = """
    select count(*)
    from (select from assets where id = any(%(shown)s) and deleted_at is null order by id for share) locked
"""
_HELD = "id = %(id)s and fence = %(fence)s and status = 'running'"


class MustRunAlone(Exception):
    """The next job may only run in a process that runs no other."""


def claim_next(
    connection: Connection,
    lease_s: float,
    types: Collection[str] | None = None,
    *,
    queues: Sequence[str] = tuple(Queue),
    alone: bool = True,
) -> Job | None:
    """Claim the next due job of the first queue that has one.

    In a queue the order is by priority, then the owner with the fewest jobs running there, then age. Only a job of
    these types, unless `types` is None. An owner whose jobs another transaction is changing is passed over, not waited
    for. `alone`: this process runs no other job until this one has ended. Raises MustRunAlone, and claims nothing, if
    the next job needs that. Must be the first statement of its transaction, which it rolls back if a claim of another
    queue takes a job of the same asset, or a migration adds a column to jobs meanwhile.
    """
    try:
        row = connection.execute(
            f"select {COLUMNS} from claim_job(%s, %s, %s, %s)",
            [lease_s, list(queues), None if types is None else list(types), alone],
        ).fetchone()
    except (UniqueViolation, DatatypeMismatch):
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
        with held as (
            select jobs.id
            from jobs join unnest(%s::uuid[], %s::int[]) as mine (id, fence) using (id, fence)
            where status = 'running'
            order by jobs.id  -- as all writers of several jobs, so that none waits for another that waits for it
            for update of jobs
        )
        update jobs
        set lease_until = now() + %s * interval '1 second'
        from held
        where jobs.id = held.id
        returning jobs.id
        """,
        [list(ids), list(fences), lease_s],
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
    return _update(connection, job, "progress = greatest(progress, %(progress)s)", progress=progress) is not None


def finish(connection: Connection, job: Job, outcome: Outcome, timings: Timings) -> bool:
    """End a job that is done, add the rows of its assets, and queue what follows it. A lost lease leaves no rows.

    They are the present owner's: a guest may have signed in since the job was claimed. Raises SourceMissing, and writes
    nothing, if a picture it shows was deleted: what was made of it must not appear.
    """
    shown = list({job.asset_id, *outcome.used})
    owner = _update(
        connection,
        job,
        """
        status = 'done', progress = 100, lease_until = null, finished_at = now(), provider = %(provider)s,
        precision = %(precision)s, result = %(result)s, timings = %(timings)s, fingerprint = %(fingerprint)s,
        files = %(files)s
        """,
        condition=f"({_PRESENT}) = cardinality(%(shown)s)",
        shown=shown,
        provider=outcome.provider,
        precision=outcome.precision,
        result=Jsonb(outcome.result),
        timings=Jsonb(asdict(timings)),
        fingerprint=outcome.fingerprint,
        files=len(outcome.assets),
    )
    if owner is None:
        if any(assets.find(connection, None, asset_id) is None for asset_id in shown):
            raise errors.SourceMissing
        return False
    if outcome.assets:
        assets.add_all(connection, [replace(asset, owner=owner) for asset in outcome.assets])
    _follow_up(connection, replace(job, owner=owner), outcome.follow_ups)
    webhook_messages.job_ended(connection, job, owner)
    return True


def _follow_up(connection: Connection, job: Job, follow_ups: Iterable[FollowUp]) -> None:
    """Queue what follows, less urgent than the first job of the chain: the next cut-out comes before a print file."""
    priority = job.priority if job.parent_id else min(jobs.LEAST_URGENT, job.priority + 1)
    for following in follow_ups:
        jobs.create(
            connection,
            ids.new(),
            job.owner,
            following.asset_id,
            type=following.type,
            input=following.input,
            priority=priority,
            request_id=job.request_id,
            parent_id=job.parent_id or job.id,
        )


def find_outcome(connection: Connection, fingerprints: Collection[str], asset_count: int) -> Outcome | None:
    """The newest outcome with one of these fingerprints of which all assets remain: so many, and the file asked for."""
    row = connection.execute(
        """
        select id, provider, precision, result, fingerprint
        from jobs
        where fingerprint = any(%s)
            and status = 'done'
            and (select count(*) from assets where job_id = jobs.id and deleted_at is null)
                = %s + (input ?| array['rendering', 'composition'])::int
        order by finished_at desc
        limit 1
        """,
        [list(fingerprints), asset_count],
    ).fetchone()
    if row is None:
        return None
    return Outcome(
        row["result"],
        tuple(assets.of_job(connection, row["id"])),
        Provider(row["provider"]) if row["provider"] else None,
        row["fingerprint"],
        precision=MaskPrecision(row["precision"]) if row["precision"] else None,
    )


def fail(connection: Connection, job: Job, error: JobFailure, message: str, timings: Timings) -> bool:
    owner = _update(
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
    if owner:
        webhook_messages.job_ended(connection, job, owner, error)
    return owner is not None


def release(connection: Connection, job: Job, delay_s: float, *, counts: bool) -> bool:
    """Hand the job back, to be run again after `delay_s`.

    An attempt that failed for outside reasons does not count; its delay is added to `postponed_s`, which an attempt
    that counts resets.
    """
    owner = _update(
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
    return owner is not None


def wake_due(connection: Connection) -> None:
    """Make jobs claimable whose delay or lease has expired lately, at most AT_ONCE."""
    connection.execute("select wake_jobs(%s)", [AT_ONCE])


def fail_exhausted(connection: Connection) -> list[UUID]:
    """Fail jobs that may not be claimed again, at most AT_ONCE: their last attempt died alone, or was handed back."""
    rows = connection.execute(
        f"""
        with exhausted as materialized (
            select id as exhausted_id
            from jobs
            where claim_state = 'exhausted'
            order by id
            limit %s
            for update skip locked
        )
        update jobs
        set status = 'failed', error_code = %s, error_message = %s, lease_until = null, finished_at = now()
        from exhausted
        where id = exhausted_id
        returning {COLUMNS}
        """,
        [AT_ONCE, JobFailure.POISON, "The job was tried several times and never completed."],
    ).fetchall()
    for job in map(jobs.from_row, rows):
        webhook_messages.job_ended(connection, job, job.owner, JobFailure.POISON)
    return [row["id"] for row in rows]


def lead_sweep(connection: Connection) -> bool:
    """Whether this transaction leads the sweep; the lead ends with it."""
    row = connection.execute("select pg_try_advisory_xact_lock(%s) as leads", [_SWEEP_LOCK]).fetchone()
    return bool(row and row["leads"])


def overdue(connection: Connection, queue: str, grace_s: float, most: int = AT_ONCE) -> int:
    """The number of jobs of the queue, counted to `most`, that have been ready for `grace_s`.

    Their wake-up was lost, or all workers are busy.
    """
    row = connection.execute(
        """
        select count(*) as waiting
        from (
            select
            from jobs
            where queue = %s
                and claim_state = 'ready'
                and greatest(run_after, coalesce(lease_until, run_after)) < now() - %s * interval '1 second'
                and not coalesce((  -- looked up for each: a join would read all that run
                    select true
                    from jobs busy
                    where busy.asset_id = jobs.asset_id and busy.status = 'running' and busy.id <> jobs.id
                    limit 1
                ), false)
            order by queue, user_id, priority, created_at  -- keeps the planner to the index of ready jobs
            limit %s
        ) counted
        """,
        [queue, grace_s, most],
    ).fetchone()
    return int(row["waiting"]) if row else 0


def _update(
    connection: Connection, job: Job, changes: str, *, condition: str = "true", **values: object
) -> Owner | None:
    """Change a job that this worker still holds, if the condition holds too; returns its owner, or None."""
    row = connection.execute(
        f"""
        update jobs
        set {changes}
        where {_HELD} and {condition}
        returning owner_type, user_id
        """,
        {"id": job.id, "fence": job.fence, **values},
    ).fetchone()
    return Owner(OwnerType(row["owner_type"]), row["user_id"]) if row else None
