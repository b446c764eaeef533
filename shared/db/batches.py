"""Batches as their owners see them: create, fill, close, cancel, list and delete them.

What the api does to a picture that waits in one is in `batch_ingestion`.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.db import assets, ids, jobs, owners, pagination
from shared.db.pool import Connection
from shared.models.asset import Asset
from shared.models.batch import Batch, Item, ItemState, NewItem, Outcome
from shared.models.job import Job, JobError, JobFailure
from shared.models.owner import Owner, OwnerType

COLUMNS = "id, owner_type, owner_id, input, pictures, request_id, created_at, closed_at, cancelled_at"
WAITING = "job_id is null and error_code is null"
_STATE = f"""case
        when items.error_code is not null then '{ItemState.FAILED}'
        when items.job_id is not null then coalesce(jobs.status, '{ItemState.CANCELLED}')
        when batches.cancelled_at is not null then '{ItemState.CANCELLED}'
        else '{ItemState.WAITING}'
    end"""
_ITEMS = """from batches
        join batch_items items on items.batch_id = batches.id
        left join jobs on jobs.id = items.job_id
    where batches.id = %(id)s"""
_GONE = JobError(JobFailure.SOURCE_MISSING, "The cut-out was deleted.")


def add(connection: Connection, batch: Batch, *, closed: bool) -> None:
    connection.execute(
        """
        insert into batches (id, owner_type, owner_id, input, pictures, request_id, created_at, closed_at)
        values (
            %(id)s, %(owner_type)s, %(owner_id)s, %(input)s, %(pictures)s, %(request_id)s, %(created_at)s,
            case when %(closed)s then now() end
        )
        """,
        {
            **owners.parameters(batch.owner),
            "id": batch.id,
            "input": Jsonb(batch.input),
            "pictures": batch.pictures,
            "request_id": batch.request_id,
            "created_at": batch.created_at,
            "closed": closed,
        },
    )


def find(connection: Connection, owner: Owner | None, batch_id: UUID, *, lock: bool = False) -> Batch | None:
    """A batch by id; anyone's if `owner` is None. `lock`: others who change it wait for this transaction."""
    row = connection.execute(
        f"select {COLUMNS} from batches where id = %(id)s and {owners.VISIBLE} {'for update' if lock else ''}",
        {"id": batch_id, **owners.parameters(owner)},
    ).fetchone()
    return from_row(row) if row else None


def page(connection: Connection, owner: Owner, limit: int, after: pagination.Cursor | None) -> pagination.Page[Batch]:
    """The owner's batches, newest first."""
    select = f"select {COLUMNS} from batches where {owners.OWNED}"
    return pagination.fetch(connection, select, owners.parameters(owner), from_row, limit, after)


def close(connection: Connection, batch_id: UUID) -> None:
    connection.execute("update batches set closed_at = coalesce(closed_at, now()) where id = %s", [batch_id])


def cancel(connection: Connection, batch_id: UUID) -> int:
    """Close a batch whose row is locked, and end its pictures that have not ended; returns how many had jobs."""
    connection.execute(
        """
        update batches
        set closed_at = coalesce(closed_at, now()), cancelled_at = coalesce(cancelled_at, now())
        where id = %s
        """,
        [batch_id],
    )
    return jobs.cancel_of_batch(connection, batch_id)


def delete(connection: Connection, batch_id: UUID) -> int:
    """Delete a batch whose row is locked, the pictures that it brought and what was made in it.

    Returns how many jobs were cancelled.
    """
    cancelled = cancel(connection, batch_id)
    rows = connection.execute(
        """
        select asset_id as id
        from batch_items
        where batch_id = %(id)s and brought
        union
        select assets.id
        from batch_items join assets on assets.job_id = batch_items.job_id
        where batch_items.batch_id = %(id)s
        """,
        {"id": batch_id},
    ).fetchall()
    cancelled += assets.delete_many(connection, None, {row["id"] for row in rows})
    connection.execute("delete from batches where id = %s", [batch_id])
    return cancelled


def queue(connection: Connection, batch: Batch, asset_id: UUID) -> Job:
    """Queue the cut-out of a picture of the batch."""
    return jobs.create(
        connection,
        ids.new(),
        batch.owner,
        asset_id,
        priority=jobs.UNHURRIED,
        input=batch.input,
        request_id=batch.request_id,
    )


def add_items(
    connection: Connection,
    batch_id: UUID,
    first: int,
    items: Sequence[NewItem],
    file_id: UUID | None,
    job_ids: Mapping[int, UUID],
) -> None:
    """Add pictures from position `first` on; `job_ids` are those of the stored ones, by their number in `items`."""
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            insert into batch_items (
                batch_id, position, name, file_id, entry, url, sha256, asset_id, job_id, error_code, error_message
            )
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [
                (
                    *(batch_id, first + at, item.name, None if item.entry is None else file_id, item.entry, item.url),
                    *(item.sha256, item.asset_id, job_ids.get(at)),
                    *((item.error.code, item.error.message) if item.error else (None, None)),
                )
                for at, item in enumerate(items)
            ],
        )


def names(connection: Connection, batch_id: UUID) -> list[str]:
    """The names of its pictures, which tell how many there are."""
    rows = connection.execute("select name from batch_items where batch_id = %s", [batch_id]).fetchall()
    return [row["name"] for row in rows]


def counts(connection: Connection, batch_id: UUID) -> Mapping[ItemState, int]:
    """The number of its pictures in each state."""
    rows = connection.execute(
        f"select {_STATE} as state, count(*) as items {_ITEMS} group by 1", {"id": batch_id}
    ).fetchall()
    return {ItemState(row["state"]): row["items"] for row in rows}


def items(
    connection: Connection, batch_id: UUID, state: ItemState | None = None, after: int = -1, limit: int | None = None
) -> list[Item]:
    """Its pictures after a position, in their order; only those in `state`, if one is given."""
    rows = connection.execute(
        f"""
        select *
        from (
            select items.position, items.name, {_STATE} as state, items.sha256, items.asset_id, items.job_id,
                jobs.result, coalesce(items.error_code, jobs.error_code) as error_code,
                coalesce(items.error_message, jobs.error_message) as error_message
            {_ITEMS} and items.position > %(after)s
        ) found
        where (%(state)s::text is null or state = %(state)s)
        order by position
        limit %(limit)s
        """,
        {"id": batch_id, "state": state, "after": after, "limit": limit},
    ).fetchall()
    return [_item(row) for row in rows]


def outcomes(connection: Connection, batch_id: UUID) -> list[Outcome]:
    """What has become of each picture, in their order."""
    found = items(connection, batch_id)
    made = {UUID(item.result["asset_id"]) for item in found if item.result}
    stored = {asset.id: asset for asset in assets.find_many(connection, made)}
    return [_outcome(item, stored) for item in found]


def _outcome(item: Item, stored: Mapping[UUID, Asset]) -> Outcome:
    asset = stored.get(UUID(item.result["asset_id"])) if item.result else None
    if asset:
        return Outcome(item.name, asset.key, asset.stored_sha256, asset.bytes, None)
    error = item.error or (_GONE if item.result else JobError(item.state, "It was cancelled."))
    return Outcome(item.name, None, None, 0, error)


def prune(connection: Connection, keep_s: float, limit: int, owner_type: OwnerType) -> int:
    """Delete batches of these owners that were made `keep_s` ago, at most `limit`; returns how many."""
    return connection.execute(
        """
        with due as materialized (
            select id
            from batches
            where owner_type = %s and created_at < now() - %s * interval '1 second'
            order by created_at
            limit %s
            for update skip locked
        )
        delete from batches
        using due
        where batches.id = due.id
        """,
        [owner_type, keep_s, limit],
    ).rowcount


def from_row(row: Mapping[str, Any]) -> Batch:
    """The batch in a row of COLUMNS, and perhaps of others."""
    owner = Owner(OwnerType(row["owner_type"]), row["owner_id"])
    names = ("id", "input", "pictures", "request_id", "created_at", "closed_at", "cancelled_at")
    return Batch(owner=owner, **{name: row[name] for name in names})


def _item(row: Mapping[str, Any]) -> Item:
    error = JobError(row["error_code"], row["error_message"]) if row["error_code"] else None
    names: Collection[str] = ("position", "name", "sha256", "asset_id", "job_id", "result")
    return Item(**{name: row[name] for name in names}, state=ItemState(row["state"]), error=error)
