"""Pictures of batches that wait until the api takes them in: claimed by one of its threads at a time.

A claim is a lease. Every later write names it, and a function that returns False wrote nothing: another thread has the
picture, or the batch was cancelled or deleted.

Who writes locks the batch first (`hold`), as those do who cancel or delete it.
"""

from uuid import UUID

from shared.db import batches
from shared.db.batches import WAITING
from shared.db.pool import Connection
from shared.models.asset import Asset
from shared.models.batch import Batch, WaitingItem
from shared.models.job import JobError

_HELD = f"batch_id = %(batch)s and position = %(position)s and leased_until = %(lease)s and {WAITING}"
_BATCH = ", ".join(f"batches.{name}" for name in batches.COLUMNS.split(", "))


def claim(connection: Connection, lease_s: float, *, addresses: bool) -> WaitingItem | None:
    """The next picture at an address, or the next in a file.

    Of addresses the batches take turns, since one may lead to slow servers only. Of files the oldest batch comes first:
    so a file is read once for all its pictures.
    """
    kind, order = ("url", "position, batch_id") if addresses else ("file_id", "batch_id, position")
    row = connection.execute(
        f"""
        with next as materialized (
            select batch_id, position
            from batch_items items
            where {WAITING} and {kind} is not null and leased_until < now()
                and exists (select from batches where id = batch_id and cancelled_at is null)
            order by {order}
            limit 1
            for update skip locked
        )
        update batch_items items
        set leased_until = now() + %s * interval '1 second', attempts = items.attempts + 1
        from next, batches
        where items.batch_id = next.batch_id and items.position = next.position and batches.id = next.batch_id
        returning {_BATCH}, items.position, name, url, file_id, entry, attempts, leased_until
        """,
        [lease_s],
    ).fetchone()
    if row is None:
        return None
    names = ("position", "name", "url", "file_id", "entry", "attempts")
    return WaitingItem(batches.from_row(row), lease=row["leased_until"], **{name: row[name] for name in names})


def hold(connection: Connection, item: WaitingItem) -> Batch | None:
    """The picture's batch as it is now, locked; None if it was cancelled or deleted."""
    batch = batches.find(connection, None, item.batch.id, lock=True)
    return batch if batch and not batch.cancelled_at else None


def ingested(connection: Connection, item: WaitingItem, asset: Asset, job_id: UUID, *, brought: bool) -> bool:
    """Record the picture's asset and job. `brought`: there was no such asset before."""
    return _write(
        connection,
        item,
        "asset_id = %(asset)s, sha256 = %(sha256)s, brought = %(brought)s, job_id = %(job)s",
        asset=asset.id,
        sha256=asset.sha256,
        brought=brought,
        job=job_id,
    )


def refused(connection: Connection, item: WaitingItem, error: JobError) -> bool:
    """End a picture that cannot be taken in."""
    changes = "error_code = %(code)s, error_message = %(message)s"
    return _write(connection, item, changes, code=error.code, message=error.message)


def release(connection: Connection, item: WaitingItem, delay_s: float, *, counts: bool) -> bool:
    """Let it be claimed again after `delay_s`; an attempt that failed for outside reasons does not count."""
    changes = """leased_until = now() + %(delay_s)s * interval '1 second',
        attempts = attempts - (not %(counts)s)::int"""
    return _write(connection, item, changes, delay_s=delay_s, counts=counts)


def needs_file(connection: Connection, file_id: UUID) -> bool:
    """Whether a picture in the file waits."""
    row = connection.execute(
        f"""
        select exists (
            select
            from batch_items join batches on batches.id = batch_id
            where file_id = %s and {WAITING} and cancelled_at is null
        ) as needed
        """,
        [file_id],
    ).fetchone()
    return bool(row and row["needed"])


def _write(connection: Connection, item: WaitingItem, changes: str, **values: object) -> bool:
    held = {"batch": item.batch.id, "position": item.position, "lease": item.lease}
    return bool(
        hold(connection, item)
        and connection.execute(f"update batch_items set {changes} where {_HELD}", {**held, **values}).rowcount
    )
