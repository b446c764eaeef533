"""API keys, of which only the SHA-256 is stored. A key is random enough that its hash needs no salt."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db import ids
from shared.db.pool import Connection
from shared.models.owner import Scope


@dataclass(frozen=True, slots=True)
class Key:
    id: UUID
    name: str
    scope: Scope
    created_at: datetime
    revoked_at: datetime | None


def add(connection: Connection, name: str, scope: Scope, digest: str) -> Key:
    row = connection.execute(
        """insert into api_keys (id, name, scope, hash) values (%s, %s, %s, %s)
        returning id, name, scope, created_at, revoked_at""",
        [ids.new(), name, scope, digest],
    ).fetchone()
    assert row is not None
    return Key(**{**row, "scope": Scope(row["scope"])})


def find(connection: Connection, digest: str) -> Key | None:
    """The key with this hash, unless it was revoked."""
    row = connection.execute(
        "select id, name, scope, created_at, revoked_at from api_keys where hash = %s and revoked_at is null", [digest]
    ).fetchone()
    return Key(**{**row, "scope": Scope(row["scope"])}) if row else None


def listed(connection: Connection) -> list[Key]:
    rows = connection.execute(
        "select id, name, scope, created_at, revoked_at from api_keys order by created_at"
    ).fetchall()
    return [Key(**{**row, "scope": Scope(row["scope"])}) for row in rows]


def revoke(connection: Connection, key_id: UUID) -> bool:
    row = connection.execute(
        "update api_keys set revoked_at = now() where id = %s and revoked_at is null returning id", [key_id]
    ).fetchone()
    return row is not None
