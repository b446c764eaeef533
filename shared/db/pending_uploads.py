"""Pictures on their way: announced by a caller who sends them straight to the storage, then completed or forgotten."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.db.pool import Connection
from shared.models.owner import Owner, OwnerType

_COLUMNS = "id, owner_type, owner_id, content_type, bytes, sha256, asset_id, expires_at"


@dataclass(frozen=True, slots=True)
class PendingUpload:
    """What was announced. `asset_id` is None until it has become an asset."""

    id: UUID
    owner: Owner
    content_type: str
    bytes: int
    sha256: str | None
    expires_at: datetime
    asset_id: UUID | None = None


def add(connection: Connection, announced: PendingUpload) -> None:
    connection.execute(
        f"insert into incoming ({_COLUMNS}) values (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            announced.id,
            announced.owner.type,
            announced.owner.id,
            announced.content_type,
            announced.bytes,
            announced.sha256,
            announced.asset_id,
            announced.expires_at,
        ],
    )


def find(connection: Connection, owner: Owner | None, upload_id: UUID) -> PendingUpload | None:
    """An announced upload by id; of anybody when `owner` is None."""
    row = connection.execute(
        f"""select {_COLUMNS} from incoming where id = %(id)s
        and (%(type)s::text is null or owner_type = %(type)s and owner_id = %(owner)s)""",
        {"id": upload_id, "type": owner.type if owner else None, "owner": owner.id if owner else None},
    ).fetchone()
    return _incoming(row) if row else None


def complete(connection: Connection, upload_id: UUID, asset_id: UUID) -> None:
    connection.execute("update incoming set asset_id = %s where id = %s", [asset_id, upload_id])


def prune(connection: Connection, older_than_s: float) -> int:
    """Forget old ones; returns how many. What they left in the storage is collected by its age."""
    return connection.execute(
        "delete from incoming where created_at < now() - %s * interval '1 second'", [older_than_s]
    ).rowcount


def _incoming(row: dict[str, Any]) -> PendingUpload:
    return PendingUpload(
        id=row["id"],
        owner=Owner(OwnerType(row["owner_type"]), row["owner_id"]),
        content_type=row["content_type"],
        bytes=row["bytes"],
        sha256=row["sha256"],
        expires_at=row["expires_at"],
        asset_id=row["asset_id"],
    )
