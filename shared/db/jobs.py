"""Jobs as their owners see them: create, find, list, cancel and retry.

What workers do to a job is in `job_queue`.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.db import owners, pagination
from shared.db.pool import Connection
from shared.models.cutout import MaskPrecision, Provider
from shared.models.job import QUEUES, Job, JobError, JobState, JobType, Queue, Timings, request_key
from shared.models.owner import Owner, OwnerType

NORMAL, UNHURRIED, LEAST_URGENT = 5, 6, 9  # priorities run from 0, the most urgent; unhurried: of batches
COLUMNS = """
    id, owner_type, user_id, type, queue, asset_id, input, status, progress, attempts, fence, priority, version,
    provider, precision, timings, result, error_code, error_message, created_at, started_at, finished_at, request_id,
    postponed_s, isolated, parent_id
"""
CANCELLED = "status = 'cancelled', fence = fence + 1, lease_until = null, finished_at = now()"
UNFINISHED = "status in ('queued', 'running')"


def create(
    connection: Connection,
    job_id: UUID,
    owner: Owner,
    asset_id: UUID,
    *,
    type: str = JobType.CUTOUT,  # noqa: A002 - the column's name
    input: Mapping[str, Any] | None = None,  # noqa: A002 - the column's name
    priority: int = NORMAL,
    request_id: str = "",
    parent_id: UUID | None = None,
) -> Job:
    """Queue a job. `input` is JSON that the type's own class wrote; see `Job` for `parent_id`."""
    row = connection.execute(
        f"""
        insert into jobs (
            id, owner_type, user_id, type, queue, asset_id, input, priority, request_id, followed_until, parent_id,
            request_key
        )
        values (
            %(id)s, %(owner_type)s, %(owner_id)s, %(type)s, %(queue)s, %(asset)s, %(input)s, %(priority)s,
            %(request)s, null, %(parent)s, %(key)s
        )
        returning {COLUMNS}
        """,
        {
            **owners.parameters(owner),
            "id": job_id,
            "type": type,
            "queue": QUEUES.get(type, Queue.CUTOUTS),
            "asset": asset_id,
            "input": Jsonb(input or {}),
            "priority": priority,
            "request": request_id,
            "parent": parent_id,
            "key": None if type == JobType.CUTOUT else request_key(type, input or {}),
        },
    ).fetchone()
    assert row is not None
    return from_row(row)


def find(connection: Connection, owner: Owner | None, job_id: UUID) -> Job | None:
    """A job by id; any owner's when `owner` is None."""
    row = connection.execute(
        f"""
        select {COLUMNS}
        from jobs
        where id = %(id)s and {owners.VISIBLE_JOBS}
        """,
        {**owners.parameters(owner), "id": job_id},
    ).fetchone()
    return from_row(row) if row else None


def unfinished(
    connection: Connection,
    owner: Owner,
    asset_id: UUID,
    input: Mapping[str, Any],  # noqa: A002 - the column's name
) -> Job | None:
    """The oldest cut-out of the picture that is asked for the same."""
    row = connection.execute(
        f"""
        select {COLUMNS}
        from jobs
        where {owners.OWNED_JOBS} and {UNFINISHED} and asset_id = %(asset)s and type = 'cutout'
            and input = %(input)s
        order by created_at
        limit 1
        """,
        {**owners.parameters(owner), "asset": asset_id, "input": Jsonb(input)},
    ).fetchone()
    return from_row(row) if row else None


def follow(connection: Connection, owner: Owner | None, job_id: UUID) -> Job | None:
    """As `find`; every change of the job from now on is announced on the channel `jobs`, for a minute."""
    row = connection.execute(
        f"""
        update jobs
        set followed_until = now() + interval '1 minute'
        where id = %(id)s and {owners.VISIBLE_JOBS}
        returning {COLUMNS}
        """,
        {**owners.parameters(owner), "id": job_id},
    ).fetchone()
    return from_row(row) if row else None


def page(
    connection: Connection, owner: Owner, limit: int, after: pagination.Cursor | None, status: JobState | None
) -> pagination.Page[Job]:
    """The owner's jobs, newest first, without those that follow another by themselves."""
    select = f"""
        select {COLUMNS}
        from jobs
        where {owners.OWNED_JOBS}
        and parent_id is null
        and (%(status)s::text is null or status = %(status)s)"""
    return pagination.fetch(connection, select, {"status": status, **owners.parameters(owner)}, from_row, limit, after)


def cancel(connection: Connection, owner: Owner | None, job_id: UUID) -> Job | None:
    """Cancel a queued or running job; None when there is none. The fence keeps its worker from writing."""
    row = connection.execute(
        f"""
        update jobs
        set {CANCELLED}
        where id = %(id)s and {owners.VISIBLE_JOBS} and {UNFINISHED}
        returning {COLUMNS}
        """,
        {**owners.parameters(owner), "id": job_id},
    ).fetchone()
    return from_row(row) if row else None


def cancel_of_assets(connection: Connection, asset_ids: Collection[UUID]) -> int:
    """Cancel all unfinished jobs of these assets; returns how many."""
    chosen = """jobs join assets on jobs.asset_id = assets.id
            and jobs.user_id = assets.owner_id and jobs.owner_type = assets.owner_type  -- which the index needs
        where assets.id = any(%s)"""
    return _cancel_all(connection, chosen, list(asset_ids))


def cancel_of_batch(connection: Connection, batch_id: UUID) -> int:
    """Cancel all unfinished jobs of a batch; returns how many."""
    return _cancel_all(connection, "jobs where id in (select job_id from batch_items where batch_id = %s)", batch_id)


def _cancel_all(connection: Connection, chosen: str, key: object) -> int:
    return connection.execute(
        f"""
        with doomed as (
            select jobs.id
            from {chosen} and {UNFINISHED}
            order by jobs.id  -- as all writers of several jobs, so that none waits for another that waits for it
            for update of jobs
        )
        update jobs
        set {CANCELLED}
        from doomed
        where jobs.id = doomed.id
        """,
        [key],
    ).rowcount


def retry(connection: Connection, owner: Owner | None, job_id: UUID) -> Job | None:
    """Queue a failed or cancelled job again, as if it were new; None when it is neither, or its picture is gone."""
    row = connection.execute(
        f"""
        with source as materialized (
            select id
            from assets
            where id = (select asset_id from jobs where id = %(id)s) and deleted_at is null
            for share  -- deleting the picture waits, and then cancels this job
        )
        update jobs
        set status = 'queued', progress = 0, attempts = 0, run_after = now(), started_at = null, finished_at = null,
            error_code = null, error_message = null, provider = null, precision = null, timings = '{{}}',
            postponed_s = 0, isolated = false
        where id = %(id)s and {owners.VISIBLE_JOBS} and status in ('failed', 'cancelled')
            and exists (select from source)
        returning {COLUMNS}
        """,
        {**owners.parameters(owner), "id": job_id},
    ).fetchone()
    return from_row(row) if row else None


def prune(connection: Connection, keep_s: float, limit: int) -> int:
    """Delete jobs that ended `keep_s` ago, at most `limit`; returns how many."""
    return connection.execute(
        """
        with due as materialized (  -- a subquery may run more than once, and then more than `limit` rows go
            select id
            from jobs
            where created_at < now() - %(age)s * interval '1 second'  -- has an index; none ends before it is created
                and finished_at < now() - %(age)s * interval '1 second'
            order by created_at
            limit %(limit)s
            for update skip locked
        )
        delete from jobs
        using due
        where jobs.id = due.id
        """,
        {"age": keep_s, "limit": limit},
    ).rowcount


def from_row(row: dict[str, Any]) -> Job:
    """The job in a row of COLUMNS."""
    failed = row["error_code"] is not None
    return Job(
        id=row["id"],
        owner=Owner(OwnerType(row["owner_type"]), row["user_id"]),
        type=row["type"],
        queue=row["queue"],
        asset_id=row["asset_id"],
        input=row["input"],
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
        request_id=row["request_id"],
        provider=Provider(row["provider"]) if row["provider"] else None,
        precision=MaskPrecision(row["precision"]) if row["precision"] else None,
        result=row["result"],
        error=JobError(row["error_code"], row["error_message"]) if failed else None,
        postponed_s=row["postponed_s"],
        isolated=row["isolated"],
        parent_id=row["parent_id"],
    )
