"""How much of the system one owner uses at this moment."""

from dataclasses import dataclass

from shared.db.pool import Connection
from shared.models.owner import Owner


@dataclass(frozen=True, slots=True)
class Used:
    """Bytes of pictures kept, each object counted once however many rows name it, and jobs that have not ended."""

    stored_bytes: int
    unfinished_jobs: int


def used(connection: Connection, owner: Owner) -> Used:
    row = connection.execute(
        """select (select coalesce(sum(bytes), 0)::bigint from (
                select max(bytes) as bytes from assets
                where owner_type = %(type)s and owner_id = %(id)s and deleted_at is null group by key
            ) kept) as stored_bytes,
            (select count(*) from jobs
                where user_id = %(id)s and owner_type = %(type)s and status in ('queued', 'running')
            ) as unfinished_jobs""",
        {"type": owner.type, "id": owner.id},
    ).fetchone()
    assert row is not None
    return Used(**row)
