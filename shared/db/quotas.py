"""How much of the service one owner uses at this moment."""

from dataclasses import dataclass

from shared.db import owners
from shared.db.pool import Connection
from shared.models.owner import Owner


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes of stored pictures, each object counted once however many rows name it, and jobs that have not ended."""

    stored_bytes: int
    unfinished_jobs: int


def usage(connection: Connection, owner: Owner) -> Usage:
    row = connection.execute(
        f"""select
            (
                select coalesce(sum(bytes), 0)::bigint
                from (
                    select max(bytes) as bytes
                    from assets
                    where {owners.OWNED}
                    and deleted_at is null
                    group by key
                ) stored
            ) as stored_bytes,
            (
                select count(*)
                from jobs
                where {owners.OWNED_JOBS}
                and status in ('queued', 'running')
            ) as unfinished_jobs""",
        owners.parameters(owner),
    ).fetchone()
    assert row is not None
    return Usage(**row)
