"""Jobs that make something of a picture when it is asked for: equal requests find the same one."""

from collections.abc import Collection
from uuid import UUID

from shared.db.jobs import COLUMNS, from_row
from shared.db.pool import Connection
from shared.models.job import Job


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


def lock(connection: Connection, asset_id: UUID, key: str) -> None:
    """Until the end of the transaction, nobody else adds such a job: `newest` then says whether there is one."""
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{asset_id} {key}"])


def following(connection: Connection, job_ids: Collection[UUID]) -> list[Job]:
    """The jobs that follow these by themselves, in the order in which they were queued."""
    rows = connection.execute(
        f"""
        select {COLUMNS}
        from jobs
        where parent_id = any(%s)
        order by id
        """,
        [list(job_ids)],
    ).fetchall()
    return list(map(from_row, rows))
