"""How much of the service one owner uses at this moment."""

from dataclasses import dataclass

from shared.db import owners
from shared.db.pool import Connection
from shared.models.owner import Owner

_MOST_ENTRIES = 64  # of an owner's usage, before they are folded into one


@dataclass(frozen=True, slots=True)
class Usage:
    """What an owner occupies: bytes and jobs that have not ended.

    Each object counts once, however many rows name it, from its row on until it is removed, a week after its deletion.
    An upload that was announced counts until it is completed or removed. `kept`: the object asked for is among them.
    Jobs that follow another by themselves do not count: nobody asked for them. Pictures that wait in batches do.
    """

    stored_bytes: int
    unfinished_jobs: int
    kept: bool = False


def usage(connection: Connection, owner: Owner, stem: str = "") -> Usage:
    """`stem` is that of the object the owner wants to store."""
    row = connection.execute(
        f"""select
            stored.entries,
            (
                stored.bytes + (
                    select coalesce(sum(bytes), 0)
                    from incoming
                    where {owners.OWNED}
                    and asset_id is null
                )
            )::bigint as stored_bytes,
            (
                select count(*)
                from jobs
                where {owners.OWNED_JOBS}
                and status in ('queued', 'running')
                and parent_id is null
            ) + (
                select count(*)
                from batches join batch_items on batch_id = id
                where {owners.OWNED}
                and cancelled_at is null
                and job_id is null
                and error_code is null
            ) as unfinished_jobs,
            exists (select from assets where left(key, 64) = %(stem)s) as kept
        from (
            select count(*) as entries, coalesce(sum(bytes), 0) as bytes
            from storage_usage
            where {owners.OWNED}
        ) as stored""",
        {**owners.parameters(owner), "stem": stem},
    ).fetchone()
    assert row is not None
    if row.pop("entries") > _MOST_ENTRIES:
        connection.execute("select fold_storage_usage(%s, %s)", [owner.type, owner.id])
    return Usage(**row)
