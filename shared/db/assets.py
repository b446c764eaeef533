"""Assets: stored pictures, their owners and their keys. A deleted asset is hidden at once and removed later."""

import json
from collections.abc import Collection
from dataclasses import asdict
from functools import partial
from typing import Any
from uuid import UUID

from psycopg.types.json import Json

from shared import errors
from shared.db import jobs, object_deletions, owners, pagination
from shared.db.pool import Connection
from shared.models.asset import Asset, AssetKind
from shared.models.owner import Owner, OwnerType

_COLUMNS = """id, owner_type, owner_id, kind, key, sha256, content_type, width, height, bytes, orientation, name,
    job_id, created_at, stored_sha256, drawn, stored_bytes"""


def add(connection: Connection, asset: Asset) -> tuple[Asset, bool]:
    """Insert, or find the source that the same owner sent before. Returns (asset, whether it is new).

    Raises Unavailable, and adds nothing, if the object may have been removed since it was stored.
    """
    (row,) = _insert(connection, [asset])
    created = bool(row.pop("created"))
    return _asset(row), created


def add_all(connection: Connection, made: Collection[Asset]) -> None:
    """Insert what a job made. Raises Unavailable like `add`."""
    _insert(connection, made)


def _insert(connection: Connection, added: Collection[Asset]) -> list[dict[str, Any]]:
    stems = sorted({asset.key[:64] for asset in added})
    object_deletions.lock(connection, stems)
    rows = [{**asdict(asset), "owner_type": asset.owner.type, "owner_id": asset.owner.id} for asset in added]
    inserted = connection.execute(
        f"""insert into assets ({_COLUMNS})
        select {_COLUMNS}
        from json_populate_recordset(null::assets, %s) as fresh
        where not {object_deletions.LATELY}
        on conflict (owner_type, owner_id, sha256) where kind = 'source' and deleted_at is null
        do update set used_at = now(), stored_sha256 = excluded.stored_sha256
        returning {_COLUMNS}, xmax = 0 as created""",  # an update returns the older row; xmax tells them apart
        [Json(rows, dumps=partial(json.dumps, default=str))],
    ).fetchall()
    if len(inserted) < len(rows):
        raise object_deletions.being_removed(connection, stems)
    return inserted


def find(connection: Connection, owner: Owner | None, asset_id: UUID, *, keep: bool = False) -> Asset | None:
    """An asset by id; anyone's if `owner` is None. `keep`: deleting it waits for the end of this transaction."""
    row = connection.execute(
        f"""select {_COLUMNS}
        from assets
        where id = %(id)s
        and deleted_at is null
        and {owners.VISIBLE}
        {"for share" if keep else ""}""",
        {"id": asset_id, **owners.parameters(owner)},
    ).fetchone()
    return _asset(row) if row else None


def by_key(connection: Connection, key: str) -> Asset | None:
    """The asset behind a key, of any owner: check first that the caller may see it."""
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


def delete(connection: Connection, owner: Owner | None, asset_id: UUID) -> int:
    """Hide an asset, anyone's if `owner` is None, with a cut-out all that its job made, and cancel their jobs.

    Returns the number of cancelled jobs. Raises NotFound, and changes nothing, if there is no such asset.
    """
    rows = connection.execute(
        f"""update assets
        set deleted_at = now()
        where deleted_at is null
        and {owners.VISIBLE}
        and (
            id = %(id)s
            or job_id = (select job_id from assets where id = %(id)s and kind = 'cutout')
        )
        returning id""",
        {"id": asset_id, **owners.parameters(owner)},
    ).fetchall()
    hidden = [row["id"] for row in rows]
    if asset_id not in hidden:
        raise errors.NotFound
    return jobs.cancel_of_assets(connection, hidden)


def of_job(connection: Connection, job_id: UUID) -> list[Asset]:
    """What a job made and is not deleted."""
    rows = connection.execute(
        f"""select {_COLUMNS}
        from assets
        where job_id = %s
        and deleted_at is null""",
        [job_id],
    ).fetchall()
    return [_asset(row) for row in rows]


def add_bytes(connection: Connection, asset_id: UUID, more: int) -> None:
    """Count a copy that was stored beside the object."""
    connection.execute(
        "update assets set stored_bytes = coalesce(stored_bytes, bytes) + %s where id = %s", [more, asset_id]
    )


def _asset(row: dict[str, Any]) -> Asset:
    owner = Owner(OwnerType(row.pop("owner_type")), row.pop("owner_id"))
    kind = AssetKind(row["kind"])
    stored = row["stored_sha256"] or (None if kind is AssetKind.SOURCE else row["sha256"])
    return Asset(**{**row, "owner": owner, "kind": kind, "stored_sha256": stored})
