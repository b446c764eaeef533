"""API keys, of which only the SHA-256 is stored. A key is random enough that its hash needs no salt."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.db import ids, webhook_endpoints
from shared.db.pool import Connection, Executor
from shared.models.owner import Owner, OwnerType, Scope

_COLUMNS = "id, name, scope, created_at, revoked_at, monthly_credits"


@dataclass(frozen=True, slots=True)
class Key:
    """`monthly_credits`: of remove.bg's API; None: unlimited."""

    id: UUID
    name: str
    scope: Scope
    created_at: datetime
    revoked_at: datetime | None
    monthly_credits: int | None


def add(connection: Connection, name: str, scope: Scope, digest: str, monthly_credits: int | None = None) -> Key:
    row = connection.execute(
        f"""insert into api_keys (id, name, scope, hash, monthly_credits)
        values (%s, %s, %s, %s, %s)
        returning {_COLUMNS}""",
        [ids.new(), name, scope, digest, monthly_credits],
    ).fetchone()
    assert row is not None
    return _key(row)


def find(connection: Executor, digest: str) -> Key | None:
    """The key with this hash, unless it is revoked."""
    row = connection.execute(
        f"""select {_COLUMNS}
        from api_keys
        where hash = %s
        and revoked_at is null""",
        [digest],
    ).fetchone()
    return _key(row) if row else None


def all_keys(connection: Connection) -> list[Key]:
    """Oldest first, revoked ones included."""
    rows = connection.execute(f"select {_COLUMNS} from api_keys order by created_at").fetchall()
    return [_key(row) for row in rows]


def revoke(connection: Connection, key_id: UUID) -> bool:
    """Its webhooks go with it. False if there is no valid key with this id."""
    row = connection.execute(
        """update api_keys
        set revoked_at = now()
        where id = %s
        and revoked_at is null
        returning id""",
        [key_id],
    ).fetchone()
    webhook_endpoints.remove_all(connection, Owner(OwnerType.KEY, str(key_id)))
    return row is not None


def set_credits(connection: Connection, key_id: UUID, monthly_credits: int | None) -> bool:
    """False if there is no valid key with this id."""
    row = connection.execute(
        """update api_keys
        set monthly_credits = %s
        where id = %s
        and revoked_at is null
        returning id""",
        [monthly_credits, key_id],
    ).fetchone()
    return row is not None


def _key(row: dict[str, Any]) -> Key:
    return Key(**{**row, "scope": Scope(row["scope"])})
