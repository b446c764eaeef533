"""Jobs that make something of a picture when it is asked for: equal requests find the same one."""

from collections.abc import Callable, Collection, Mapping
from uuid import UUID

from shared.db import jobs, owners
from shared.db.jobs import COLUMNS, from_row
from shared.db.pool import Connection
from shared.models.job import Job, JobFailure, JobState, JobType
from shared.models.owner import Owner

POISON_TRIES = 2  # jobs of a type for a picture, each with three attempts or more; no more within a day
Find = Callable[[Connection, Owner | None, UUID], Job | None]


def newest(connection: Connection, asset_id: UUID, key: str) -> Job | None:
    """The newest job with this `request_key` for the picture; not one of whose files any was deleted since."""
    row = connection.execute(
        f"""
        select {COLUMNS}
        from jobs
        where asset_id = %s and request_key = %s
            and (
                result ->> 'asset_id' is null
                or exists (select from assets where id = (result ->> 'asset_id')::uuid and deleted_at is null)
            )
            and (  -- of earlier releases null: then the file that the result names must do
                files is null
                or files = (select count(*) from assets where job_id = jobs.id and deleted_at is null)
            )
        order by created_at desc
        limit 1
        """,
        [asset_id, key],
    ).fetchone()
    return from_row(row) if row else None


def newest_of(connection: Connection, wanted: Collection[tuple[UUID, str]]) -> Mapping[tuple[UUID, str], Job]:
    """The newest job of each picture and `request_key`; for jobs that make no file, as `newest` asks for that too."""
    rows = connection.execute(
        f"""
        select distinct on (asset_id, request_key) {COLUMNS}, request_key
        from jobs
        where (asset_id, request_key) in (select * from unnest(%s::uuid[], %s::text[]))
        order by asset_id, request_key, created_at desc
        """,
        [[asset_id for asset_id, _ in wanted], [key for _, key in wanted]],
    ).fetchall()
    return {(row["asset_id"], row["request_key"]): from_row(row) for row in rows}


def lock(connection: Connection, asset_id: UUID, key: str) -> None:
    """Until the end of the transaction, nobody else adds such a job: `newest` then says whether there is one."""
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{asset_id} {key}"])


def poisonous(connection: Connection, owner: Owner, job_type: JobType, asset_ids: Collection[UUID]) -> bool:
    """Whether jobs of the type that use one of these pictures have crashed or killed workers often enough today.

    Whatever was asked for: other sizes of a picture that no worker survives would cost as much.
    """
    row = connection.execute(
        f"""
        with poison as materialized (
            select asset_id, input
            from jobs
            where {owners.OWNED_JOBS}
                and status = %(failed)s
                and created_at > now() - interval '1 day'
                and type = %(type)s
                and error_code = %(poison)s
        )
        select exists (
            select
            from unnest(%(ids)s) picture
            where %(tries)s <= (
                select count(*)
                from poison
                where asset_id = picture
                    or input -> 'items' @> jsonb_build_array(jsonb_build_object('asset_id', picture))
            )
        ) as poisonous
        """,
        {
            **owners.parameters(owner),
            "tries": POISON_TRIES,
            "failed": JobState.FAILED,
            "type": job_type,
            "poison": JobFailure.POISON,
            "ids": list(asset_ids),
        },
    ).fetchone()
    return bool(row and row["poisonous"])


def with_following(
    connection: Connection, owner: Owner | None, job_id: UUID, *, find: Find = jobs.find
) -> tuple[Job, list[Job]] | None:
    """A job, as `find` finds it, and those that follow it by themselves."""
    job = find(connection, owner, job_id)
    return (job, following(connection, [job_id])[job_id]) if job else None


def following(connection: Connection, job_ids: Collection[UUID]) -> Mapping[UUID, list[Job]]:
    """The jobs that follow each of these by themselves, in the order in which they were queued."""
    rows = connection.execute(
        f"""
        select {COLUMNS}
        from jobs
        where parent_id = any(%s)
        order by id
        """,
        [list(job_ids)],
    ).fetchall()
    found: dict[UUID, list[Job]] = {job_id: [] for job_id in job_ids}
    for job in map(from_row, rows):
        if job.parent_id:
            found[job.parent_id].append(job)
    return found
