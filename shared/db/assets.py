"""Assets: what is stored, whose it is, and where. A deleted asset is hidden at once and removed later."""

import json
from collections.abc import Collection
from dataclasses import asdict
from functools import partial
from typing import Any
from uuid import UUID

from psycopg.types.json import Json

from shared.db import object_deletions, pagination
from shared.db.pool import Connection
from shared.models.asset import Asset, AssetKind
from shared.models.owner import Owner, OwnerType

_COLUMNS = """id, owner_type, owner_id, kind, key, sha256, content_type, width, height, bytes, orientation, name,
    job_id, created_at, stored_sha256"""


def add(connection: Connection, asset: Asset) -> tuple[Asset, bool]:
    """Insert, or find the source that the same owner sent before. Returns (asset, whether it is new).

    Raises Unavailable, and nothing was added, when the object may have been removed since it was stored.
    """
    (row,) = _insert(connection, [asset])
    return _asset(row), bool(row["fresh"])


def add_all(connection: Connection, made: Collection[Asset]) -> None:
    """Insert what a job made. Raises Unavailable like `add`."""
    _insert(connection, made)


def _insert(connection: Connection, added: Collection[Asset]) -> list[dict[str, Any]]:
    stems = sorted({asset.key[:64] for asset in added})
    object_deletions.lock(connection, stems)
    rows = connection.execute(
        f"""
        insert into assets ({_COLUMNS})
        select {_COLUMNS}
        from json_populate_recordset(null::assets, %s) as fresh
        where not {object_deletions.LATELY}
        on conflict (owner_type, owner_id, sha256) where kind = 'source' and deleted_at is null
            do update set used_at = now(), stored_sha256 = excluded.stored_sha256
        returning {_COLUMNS}, xmax = 0 as fresh
        """,  # an update returns the older row; xmax tells them apart
        [Json([_row(asset) for asset in added], dumps=partial(json.dumps, default=str))],
    ).fetchall()
    if len(rows) < len(added):
        raise object_deletions.being_removed(connection, stems)
    return rows


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


def of_job(connection: Connection, job_id: UUID) -> list[Asset]:
    """What a job made and is not deleted."""
    rows = connection.execute(
        f"""
        select {_COLUMNS}
        from assets
        where job_id = %s and deleted_at is null
        """,
        [job_id],
    ).fetchall()
    return [_asset(row) for row in rows]


def _named(asset_id: UUID, owner: Owner | None) -> dict[str, object]:
    return {"id": asset_id, "type": owner.type if owner else None, "owner": owner.id if owner else None}


def _row(asset: Asset) -> dict[str, object]:
    """The asset by column."""
    return {**asdict(asset), "owner_type": asset.owner.type, "owner_id": asset.owner.id}


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
