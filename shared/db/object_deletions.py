"""Deletions of objects, announced before they happen, so that the same bytes sent again are never lost.

    maintenance   lock; if no row needs the object, announce its deletion ──commit──> delete it ──> drop its rows
    an upload     store the object ──> lock; if no deletion was announced since, add the row ──commit

Both take the lock of the stem, so one of them sees what the other did: no deletion is announced for an object with a
row, and no row is added for an object that may be about to go. An upload that meets a deletion must be sent again.
"""

from collections.abc import Collection
from math import ceil

from shared import errors
from shared.db.pool import Connection
from shared.models.owner import OwnerType

# How long before and after its announced deletion an object may not be relied on: the deletion itself, which its own
# timeouts end after ten seconds, and clocks that differ.
GOING_S = 60
_KEPT = "1 day"  # longer than any upload takes between its object and its row
_STEM = "left(key, 64)"
# Whether the object %(key)s, which was stored at %(created_at)s, may have been removed since. Needs the lock.
LATELY = f"""
    exists (
        select from removals
        where stem = left(%(key)s, 64) and at > %(created_at)s - interval '{GOING_S} seconds'
    )
"""


def lock(connection: Connection, stems: Collection[str]) -> None:
    """Until the end of the transaction. Always give several in the same order, or two transactions may deadlock."""
    locks = ", ".join(["pg_advisory_xact_lock(hashtextextended(%s, 0))"] * len(stems))
    connection.execute(f"select {locks}", list(stems))


def being_removed(connection: Connection, stems: Collection[str]) -> errors.Unavailable:
    """The error for LATELY: it says when the objects can be stored again."""
    row = connection.execute(
        f"""
        select max(extract(epoch from at - now()))::float + {GOING_S} as wait_s
        from removals
        where stem = any(%s)
        """,
        [list(stems)],
    ).fetchone()
    wait_s = row["wait_s"] if row and row["wait_s"] else 0
    return errors.Unavailable("This picture is being removed; please send it again.", retry_after_s=ceil(wait_s))


def due(connection: Connection, keep_s: float, limit: int) -> list[str]:
    """Stems of objects all of whose rows were deleted `keep_s` ago."""
    rows = connection.execute(
        """
        select distinct left(key, 64) as stem
        from assets gone
        where deleted_at < now() - %(age)s * interval '1 second'
            and not exists (
                select from assets kept
                where left(kept.key, 64) = left(gone.key, 64)
                    and (kept.deleted_at is null or kept.deleted_at >= now() - %(age)s * interval '1 second')
            )
        limit %(limit)s
        """,
        {"age": keep_s, "limit": limit},
    ).fetchall()
    return [row["stem"] for row in rows]


def unknown(connection: Connection, stems: Collection[str]) -> set[str]:
    """The stems without any row, deleted or not."""
    rows = connection.execute(f"select {_STEM} as stem from assets where {_STEM} = any(%s)", [list(stems)]).fetchall()
    return set(stems) - {row["stem"] for row in rows}


def announce(connection: Connection, stem: str, keep_s: float) -> bool:
    """Announce the deletion of an object, which follows the commit; False if a row still needs the object."""
    lock(connection, [stem])
    row = connection.execute(
        f"""
        insert into removals (stem)
        select %(stem)s
        where not exists (
            select from assets
            where {_STEM} = %(stem)s
                and (deleted_at is null or deleted_at >= now() - %(age)s * interval '1 second')
        )
        on conflict (stem) do update
            set at = now()
        returning stem
        """,
        {"stem": stem, "age": keep_s},
    ).fetchone()
    return row is not None


def drop_rows(connection: Connection, stem: str) -> None:
    """Drop the rows of a deleted object."""
    connection.execute(f"delete from assets where {_STEM} = %s and deleted_at is not null", [stem])


def drop_announcements(connection: Connection) -> None:
    """Drop those that no upload can meet any more."""
    connection.execute(f"delete from removals where at < now() - interval '{_KEPT}'")


def expire(connection: Connection, owner_type: OwnerType, keep_s: float, limit: int) -> int:
    """Hide files of these owners that were last sent `keep_s` ago and that no job or design needs; returns how many."""
    return connection.execute(
        """
        with due as materialized (
            select id
            from assets
            where owner_type = %s
                and deleted_at is null
                and used_at < now() - %s * interval '1 second'
                and not exists (
                    select from jobs
                    where asset_id = assets.id and status in ('queued', 'running')
                )
                and not exists (
                    select from design_placements placed join designs on designs.id = placed.design_id
                    where placed.asset_id = assets.id and designs.deleted_at is null
                )
            order by used_at
            limit %s
            for update skip locked
        )
        update assets
        set deleted_at = now()
        from due
        where assets.id = due.id
        """,
        [owner_type, keep_s, limit],
    ).rowcount
