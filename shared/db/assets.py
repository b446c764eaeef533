"""Assets: stored pictures, their owners and their keys. A deleted asset is hidden at once and removed later."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from shared import errors
from shared.db import jobs, object_deletions, owners, pagination
from shared.db.pool import Connection
from shared.models.asset import Asset, AssetKind
from shared.models.owner import Owner, OwnerType

_NAMES = (
    *("id", "owner_type", "owner_id", "kind", "key", "sha256", "content_type", "width", "height", "bytes"),
    *("orientation", "name", "job_id", "created_at", "stored_sha256", "drawn", "stored_bytes", "made_of"),
    *("enlarged", "origins"),
)
_COLUMNS = ", ".join(_NAMES)
_FIELDS = [name for name in _NAMES if not name.startswith("owner_")]
_INSERT = f"""insert into assets ({_COLUMNS})
    select {", ".join(f"%({name})s" for name in _NAMES)}
    where not {object_deletions.LATELY}
    on conflict (owner_type, owner_id, sha256) where kind = 'source' and deleted_at is null
    do update set used_at = now(), stored_sha256 = excluded.stored_sha256
    returning id, xmax = 0 as created"""  # an update returns the older row; xmax tells them apart


def add(connection: Connection, asset: Asset) -> tuple[Asset, bool]:
    """Insert, or find the source that the same owner sent before. Returns (asset, whether it is new).

    Raises Unavailable, and adds nothing, if the object may have been removed since it was stored.
    """
    stems = [asset.key[:64]]
    object_deletions.lock(connection, stems)
    row = connection.execute(_INSERT, _values(asset)).fetchone()
    if row is None:
        raise object_deletions.being_removed(connection, stems)
    if row["created"]:
        return asset, True
    older = find(connection, asset.owner, row["id"])
    assert older is not None  # the insert has locked it
    return older, False


def add_all(connection: Connection, made: Collection[Asset]) -> None:
    """Insert what a job made. Raises Unavailable like `add`."""
    stems = sorted({asset.key[:64] for asset in made})
    object_deletions.lock(connection, stems)
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, [_values(asset) for asset in made])
        if cursor.rowcount < len(made):
            raise object_deletions.being_removed(connection, stems)


def _values(asset: Asset) -> dict[str, object]:
    owner = {"owner_type": asset.owner.type, "owner_id": asset.owner.id}
    origins = list(asset.origins) if asset.origins else None
    return {name: getattr(asset, name) for name in _FIELDS} | owner | {"origins": origins}


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


def keep_many(connection: Connection, owner: Owner, asset_ids: Collection[UUID]) -> list[Asset]:
    """Those that exist, of this owner; deleting them waits for the end of this transaction."""
    rows = connection.execute(
        f"""select {_COLUMNS}
        from assets
        where id = any(%(ids)s)
        and deleted_at is null
        and {owners.OWNED}
        order by id
        for share""",
        {"ids": list(asset_ids), **owners.parameters(owner)},
    ).fetchall()
    return list(map(_asset, rows))


def copy(connection: Connection, owner: Owner, copies: Mapping[UUID, UUID], to: Owner) -> set[UUID]:
    """Copy the owner's pictures to another owner, as rows of the same objects with the ids that `copies` gives.

    Returns the pictures that were copied: neither deleted, nor of a release whose objects cannot be verified. Deleting
    them waits for the end of this transaction, so that each object always has a row that needs it.
    """
    other = ("id", "owner_type", "owner_id", "created_at", "kind", "name", "job_id", "made_of", "origins")
    same = ", ".join(name for name in _NAMES if name not in other)
    rows = connection.execute(
        f"""with kept as materialized (
            select assets.*, copy_id
            from assets join unnest(%(ids)s::uuid[], %(copies)s::uuid[]) copies (of_id, copy_id) on of_id = id
            where {owners.OWNED} and deleted_at is null and stored_sha256 is not null
            order by id
            for share of assets
        ), copied as (
            insert into assets (id, owner_type, owner_id, created_at, kind, {same})
            select copy_id, %(to_type)s, %(to_id)s, now(), case kind when 'source' then 'print' else kind end, {same}
            from kept
        )
        select id from kept""",
        {
            "ids": list(copies),
            "copies": list(copies.values()),
            "to_type": to.type,
            "to_id": to.id,
            **owners.parameters(owner),
        },
    ).fetchall()
    return {row["id"] for row in rows}


def find_many(connection: Connection, asset_ids: Collection[UUID]) -> list[Asset]:
    """Those that exist, of any owner: check first that the caller may see them."""
    rows = connection.execute(
        f"""select {_COLUMNS}
        from assets
        where id = any(%s)
        and deleted_at is null""",
        [list(asset_ids)],
    ).fetchall()
    return list(map(_asset, rows))


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
    """Hide an asset, anyone's if `owner` is None, and cancel the jobs of what is hidden.

    With a cut-out or a file for print goes all that its job made, and what was made of that for print.

    Returns the number of cancelled jobs. Raises NotFound, and changes nothing, if there is no such asset.
    """
    hidden = _hide(connection, owner, [asset_id])
    if asset_id not in hidden:
        raise errors.NotFound
    return _cancel(connection, owner, [asset_id], hidden)


def delete_many(connection: Connection, owner: Owner | None, asset_ids: Collection[UUID]) -> int:
    """As `delete`, of those that exist."""
    return _cancel(connection, owner, asset_ids, _hide(connection, owner, asset_ids))


def _cancel(connection: Connection, owner: Owner | None, asset_ids: Collection[UUID], hidden: set[UUID]) -> int:
    while more := _hide(connection, owner, asset_ids):  # what jobs have made of these while their ends were waited for
        hidden |= more
    return jobs.cancel_of_assets(connection, hidden)


def _hide(connection: Connection, owner: Owner | None, asset_ids: Collection[UUID]) -> set[UUID]:
    """Hide the assets and what goes with them, as far as that is committed; returns what was not hidden yet."""
    rows = connection.execute(
        f"""with recursive gone as (
            select id
            from assets
            where id = any(%(ids)s)
            or job_id in (select job_id from assets where id = any(%(ids)s) and kind in ('cutout', 'print', 'file'))
            union
            select made.id
            from gone cross join lateral (
                select id
                from assets
                where made_of = gone.id and kind in ('print', 'file')
                union all
                select id
                from assets
                where origins @> array[gone.id]
            ) made
        ), doomed as materialized (
            select id
            from assets
            where id in (select id from gone)
            and deleted_at is null
            and {owners.VISIBLE}
            order by id  -- as ends of jobs lock several, so that none waits for another that waits for it
            for update
        )
        update assets
        set deleted_at = now()
        from doomed
        where assets.id = doomed.id
        returning assets.id""",
        {"ids": list(asset_ids), **owners.parameters(owner)},
    ).fetchall()
    return {row["id"] for row in rows}


def source_of(connection: Connection, asset: Asset) -> Asset | None:
    """The source that an asset was made of, through any number of jobs; None if it is deleted, or for a source."""
    row = connection.execute(
        f"""with recursive chain as (
            select id, job_id, made_of
            from assets
            where id = %s
            union
            select origin.id, origin.job_id, origin.made_of
            from chain join assets origin on origin.id =
                coalesce(chain.made_of, (select asset_id from jobs where id = chain.job_id))  -- of an earlier release
        )
        select {_COLUMNS}
        from assets
        where id in (select id from chain)
        and id <> %s
        and kind = 'source'
        and deleted_at is null""",
        [asset.id, asset.id],
    ).fetchone()
    return _asset(row) if row else None


def whole_cutout(connection: Connection, asset: Asset) -> Asset | None:
    """Of a cut-out's files the transparent PNG, from which the others were made: the first that its job stored."""
    row = connection.execute(
        f"""select {_COLUMNS}
        from assets
        where job_id = %s
        and kind = 'cutout'
        and deleted_at is null
        order by id
        limit 1""",
        [asset.job_id],
    ).fetchone()
    return _asset(row) if row else None


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
    origins = tuple(row["origins"]) if row["origins"] else None
    return Asset(**{**row, "owner": owner, "kind": kind, "stored_sha256": stored, "origins": origins})
