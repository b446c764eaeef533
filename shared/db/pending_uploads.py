"""Pending uploads: pictures announced by a caller who sends them straight to the storage, not yet completed."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from shared.db import owners
from shared.db.pool import Connection
from shared.models.owner import Owner, OwnerType

_COLUMNS = "id, owner_type, owner_id, content_type, bytes, sha256, asset_id, expires_at"


@dataclass(frozen=True, slots=True)
class PendingUpload:
    """The announced file. `asset_id` is None until the upload is completed."""

    id: UUID
    owner: Owner
    content_type: str
    bytes: int
    sha256: str | None
    expires_at: datetime
    asset_id: UUID | None = None


def add(connection: Connection, pending: PendingUpload) -> None:
    connection.execute(
        f"""insert into incoming ({_COLUMNS})
        values (
            %(id)s, %(owner_type)s, %(owner_id)s, %(content_type)s, %(bytes)s, %(sha256)s, %(asset_id)s, %(expires_at)s
        )""",
        asdict(pending) | owners.parameters(pending.owner),
    )


def find(connection: Connection, owner: Owner | None, upload_id: UUID) -> PendingUpload | None:
    """A pending upload by id; anyone's if `owner` is None."""
    row = connection.execute(
        f"""select {_COLUMNS}
        from incoming
        where id = %(id)s
        and {owners.VISIBLE}""",
        {"id": upload_id, **owners.parameters(owner)},
    ).fetchone()
    if row is None:
        return None
    owner = Owner(OwnerType(row.pop("owner_type")), row.pop("owner_id"))
    return PendingUpload(**row, owner=owner)


def complete(connection: Connection, upload_id: UUID, asset_id: UUID) -> None:
    connection.execute("update incoming set asset_id = %s where id = %s", [asset_id, upload_id])


def due(connection: Connection, older_than_s: float, limit: int) -> list[UUID]:
    """Old ones, whose objects can go."""
    rows = connection.execute(
        "select id from incoming where created_at < now() - %s * interval '1 second' limit %s", [older_than_s, limit]
    ).fetchall()
    return [row["id"] for row in rows]


def drop(connection: Connection, upload_ids: Collection[UUID]) -> None:
    """Drop the rows of removed objects."""
    connection.execute("delete from incoming where id = any(%s)", [list(upload_ids)])
