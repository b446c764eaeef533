"""Assets: what is stored, whose it is, and where. A deleted asset is hidden at once and removed later."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.db import ids, object_deletions, pagination
from shared.db.pool import Connection
from shared.models.asset import Asset, AssetKind
from shared.models.owner import Owner, OwnerType

_COLUMNS = """id, owner_type, owner_id, kind, key, sha256, content_type, width, height, bytes, orientation, name,
    job_id, created_at, stored_sha256"""
MADE = frozenset({AssetKind.CUTOUT, AssetKind.PREVIEW, AssetKind.MASK})  # what a job leaves


def add(connection: Connection, asset: Asset) -> tuple[Asset, bool]:
    """Insert, or find the source that the same owner sent before. Returns (asset, whether it is new).

    Raises Unavailable, and nothing was added, when the object may have been removed since it was stored.
    """
    stem = asset.key[:64]
    object_deletions.lock(connection, stem)
    row = connection.execute(
        f"""insert into assets ({_COLUMNS})
        select %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s where not {object_deletions.LATELY}
        on conflict (owner_type, owner_id, sha256) where kind = 'source' and deleted_at is null
        do update set used_at = now(), stored_sha256 = excluded.stored_sha256
        returning {_COLUMNS}, xmax = 0 as fresh""",  # an update returns the older row; xmax tells them apart
        [
            asset.id,
            asset.owner.type,
            asset.owner.id,
            asset.kind,
            asset.key,
            asset.sha256,
            asset.content_type,
            asset.width,
            asset.height,
            asset.bytes,
            asset.orientation,
            asset.name,
            asset.job_id,
            asset.created_at,
            asset.stored_sha256,
            stem,
            asset.created_at,
        ],
    ).fetchone()
    if row is None:
        raise object_deletions.being_removed(connection, stem)
    return _asset(row), bool(row["fresh"])


def find(connection: Connection, owner: Owner | None, asset_id: UUID) -> Asset | None:
    """An asset by id; of anybody when `owner` is None."""
    row = connection.execute(
        f"""select {_COLUMNS} from assets where id = %(id)s and deleted_at is null
        and (%(type)s::text is null or owner_type = %(type)s and owner_id = %(owner)s)""",
        _named(asset_id, owner),
    ).fetchone()
    return _asset(row) if row else None


def by_key(connection: Connection, key: str) -> Asset | None:
    """The asset behind a public key; knowing the key is the permission."""
    row = connection.execute(
        f"select {_COLUMNS} from assets where key = %s and deleted_at is null limit 1", [key]
    ).fetchone()
    return _asset(row) if row else None


def page(connection: Connection, owner: Owner, limit: int, after: pagination.Cursor | None) -> pagination.Page[Asset]:
    """The owner's pictures, newest first: sources and cut-outs, not the previews and masks that come with a cut-out."""
    rows = connection.execute(
        f"""select {_COLUMNS} from assets
        where owner_type = %(type)s and owner_id = %(id)s and deleted_at is null and kind in ('source', 'cutout')
        and (%(at)s::timestamptz is null or (created_at, id) < (%(at)s::timestamptz, %(after)s::uuid))
        order by created_at desc, id desc limit %(limit)s""",
        {
            "type": owner.type,
            "id": owner.id,
            "limit": limit + 1,
            "at": after.created_at if after else None,
            "after": after.id if after else None,
        },
    ).fetchall()
    return pagination.page([_asset(row) for row in rows], limit)


def delete(connection: Connection, owner: Owner | None, asset_id: UUID) -> bool:
    """Hide an asset, of anybody when `owner` is None; a cut-out takes its preview and mask along. False without one."""
    rows = connection.execute(
        """update assets set deleted_at = now()
        where deleted_at is null and (%(type)s::text is null or owner_type = %(type)s and owner_id = %(owner)s)
        and (id = %(id)s or kind in ('preview', 'mask') and job_id = (
            select job_id from assets where id = %(id)s and kind = 'cutout'))
        returning id""",
        _named(asset_id, owner),
    ).fetchall()
    return any(row["id"] == asset_id for row in rows)


def copy(connection: Connection, from_job: UUID, to_job: UUID) -> dict[AssetKind, UUID]:
    """Give a job the assets of another with the same owner: new rows, the same objects. Returns the new ids by kind.

    Nothing is copied, and {} returned, when one of them was deleted.
    """
    rows = connection.execute(
        f"select {_COLUMNS} from assets where job_id = %s and deleted_at is null for update", [from_job]
    ).fetchall()
    if {row["kind"] for row in rows} != MADE:
        return {}
    made = {}
    for row in rows:
        asset, _ = add(connection, replace(_asset(row), id=ids.new(), job_id=to_job, created_at=datetime.now(UTC)))
        made[asset.kind] = asset.id
    return made


def _named(asset_id: UUID, owner: Owner | None) -> dict[str, object]:
    return {"id": asset_id, "type": owner.type if owner else None, "owner": owner.id if owner else None}


def _asset(row: dict[str, Any]) -> Asset:
    return Asset(
        id=row["id"],
        owner=Owner(OwnerType(row["owner_type"]), row["owner_id"]),
        kind=AssetKind(row["kind"]),
        key=row["key"],
        sha256=row["sha256"],
        content_type=row["content_type"],
        width=row["width"],
        height=row["height"],
        bytes=row["bytes"],
        orientation=row["orientation"],
        name=row["name"],
        job_id=row["job_id"],
        created_at=row["created_at"],
        stored_sha256=row["stored_sha256"],
    )
