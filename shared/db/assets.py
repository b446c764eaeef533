"""Assets: stored pictures, their owners and their keys. A deleted asset is hidden at once and removed later."""

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.db import ids, object_deletions, owners, pagination
from shared.db.pool import Connection
from shared.models.asset import Asset, AssetKind
from shared.models.owner import Owner

_NAMES = (
    *("id", "owner_type", "owner_id", "kind", "key", "sha256", "content_type", "width", "height", "bytes"),
    *("orientation", "name", "job_id", "created_at", "stored_sha256"),
)
_COLUMNS = ", ".join(_NAMES)
_VALUES = ", ".join(f"%({name})s" for name in _NAMES)
MADE = frozenset({AssetKind.CUTOUT, AssetKind.PREVIEW, AssetKind.MASK})  # by one job


def add(connection: Connection, asset: Asset) -> tuple[Asset, bool]:
    """Insert, or find the source that the same owner sent before. Returns (asset, whether it is new).

    Raises Unavailable, and adds nothing, if the object may have been removed since it was stored.
    """
    stem = asset.key[:64]
    object_deletions.lock(connection, stem)
    row = connection.execute(
        f"""insert into assets ({_COLUMNS})
        select {_VALUES}
        where not {object_deletions.LATELY}
        on conflict (owner_type, owner_id, sha256) where kind = 'source' and deleted_at is null
        do update set used_at = now(), stored_sha256 = excluded.stored_sha256
        returning {_COLUMNS}, xmax = 0 as created""",  # an update returns the older row; xmax tells them apart
        {**asdict(asset), **owners.parameters(asset.owner), "stem": stem, "stored_at": asset.created_at},
    ).fetchone()
    if row is None:
        raise object_deletions.being_removed(connection, stem)
    created = bool(row.pop("created"))
    return _asset(row), created


def find(connection: Connection, owner: Owner | None, asset_id: UUID) -> Asset | None:
    """An asset by id; anyone's if `owner` is None."""
    row = connection.execute(
        f"""select {_COLUMNS}
        from assets
        where id = %(id)s
        and deleted_at is null
        and {owners.VISIBLE}""",
        {"id": asset_id, **owners.parameters(owner)},
    ).fetchone()
    return _asset(row) if row else None


def by_key(connection: Connection, key: str) -> Asset | None:
    """The asset behind a public key; the key is the permission."""
    row = connection.execute(
        f"""select {_COLUMNS}
        from assets
        where key = %s
        and deleted_at is null
        limit 1""",
        [key],
    ).fetchone()
    return _asset(row) if row else None


def page(connection: Connection, owner: Owner, limit: int, after: pagination.Cursor | None) -> pagination.Page[Asset]:
    """The owner's sources and cut-outs, newest first, without the previews and masks that come with a cut-out."""
    select = f"""select {_COLUMNS}
        from assets
        where {owners.OWNED}
        and deleted_at is null
        and kind in ('source', 'cutout')"""
    return pagination.fetch(connection, select, owners.parameters(owner), _asset, limit, after)


def delete(connection: Connection, owner: Owner | None, asset_id: UUID) -> bool:
    """Hide an asset, anyone's if `owner` is None, and a cut-out's preview and mask with it. False if there is none."""
    rows = connection.execute(
        f"""update assets
        set deleted_at = now()
        where deleted_at is null
        and {owners.VISIBLE}
        and (
            id = %(id)s
            or kind in ('preview', 'mask')
            and job_id = (select job_id from assets where id = %(id)s and kind = 'cutout')
        )
        returning id""",
        {"id": asset_id, **owners.parameters(owner)},
    ).fetchall()
    return any(row["id"] == asset_id for row in rows)


def copy(connection: Connection, from_job: UUID, to_job: UUID) -> dict[AssetKind, UUID]:
    """Give a job the assets of another with the same owner: new rows, the same objects. Returns the new ids by kind.

    Copies nothing and returns {} if one of them was deleted.
    """
    rows = connection.execute(
        f"""select {_COLUMNS}
        from assets
        where job_id = %s
        and deleted_at is null
        for update""",
        [from_job],
    ).fetchall()
    if {row["kind"] for row in rows} != MADE:
        return {}
    made = {}
    for row in rows:
        asset, _ = add(connection, replace(_asset(row), id=ids.new(), job_id=to_job, created_at=datetime.now(UTC)))
        made[asset.kind] = asset.id
    return made


def _asset(row: dict[str, Any]) -> Asset:
    return Asset(**owners.fold(row) | {"kind": AssetKind(row["kind"])})
