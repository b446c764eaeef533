"""Jobs that make something of a picture when it is asked for: equal requests find the same one."""

from collections.abc import Callable, Collection, Mapping
from uuid import UUID

from shared.db import jobs
from shared.db.jobs import COLUMNS, from_row
from shared.db.pool import Connection
from shared.models.job import Job
from shared.models.owner import Owner

Find = Callable[[Connection, Owner | None, UUID], Job | None]


def newest(connection: Connection, asset_id: UUID, key: str) -> Job | None:
    """The newest job with this `request_key` for the picture; not one whose file was deleted since."""
    row = connection.execute(
        f"""
        select {COLUMNS}
        from jobs
        where asset_id = %s and request_key = %s
            and (
                result ->> 'asset_id' is null
                or exists (select from assets where id = (result ->> 'asset_id')::uuid and deleted_at is null)
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
