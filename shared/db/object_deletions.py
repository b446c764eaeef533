"""Removals: which objects may go, written down before they do, so that the same bytes sent again are never lost.

    maintenance   lock, no row needs it: note the removal ──commit──> delete the object ──> drop its deleted rows
    an upload     store the object ──> lock, no removal noted since: add the row ──commit

Both take the lock of the stem, so one of them sees what the other did: a removal is not noted for an object with a
row, and a row is not added for an object that may just be going. Whoever meets that is told to store it once more.
"""

from collections.abc import Collection
from math import ceil

from shared import errors
from shared.db.pool import Connection

# Around the note of a removal, in which an object of that stem cannot be relied upon: the deletion, which its own
# deadlines end after ten seconds, and clocks that differ.
GOING_S = 60
_KEEP_NOTES = "1 day"  # longer than any upload lies between its object and its row
_STEM = "left(key, 64)"
# Whether what was stored at a moment may have been removed since: %(stem)s, %(stored_at)s. Needs the lock.
LATELY = f"exists (select from removals where stem = %(stem)s and at > %(stored_at)s - interval '{GOING_S} seconds')"


def lock(connection: Connection, stem: str) -> None:
    """Until the end of the transaction."""
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [stem])


def being_removed(connection: Connection, stem: str) -> errors.Unavailable:
    """What to tell who met LATELY."""
    row = connection.execute(
        f"select extract(epoch from at - now())::float + {GOING_S} as wait_s from removals where stem = %s", [stem]
    ).fetchone()
    wait_s = row["wait_s"] if row else 0
    return errors.Unavailable("This picture is just being removed; please send it again.", retry_after_s=ceil(wait_s))


def due(connection: Connection, keep_s: float, limit: int) -> list[str]:
    """Stems of objects whose every row was deleted `keep_s` ago."""
    rows = connection.execute(
        f"""select distinct {_STEM} as stem from assets gone where deleted_at < now() - %(age)s * interval '1 second'
        and not exists (select from assets kept where left(kept.key, 64) = left(gone.key, 64)
            and (kept.deleted_at is null or kept.deleted_at >= now() - %(age)s * interval '1 second'))
        limit %(limit)s""",
        {"age": keep_s, "limit": limit},
    ).fetchall()
    return [row["stem"] for row in rows]


def unknown(connection: Connection, stems: Collection[str]) -> set[str]:
    """Those that no row, deleted or not, belongs to."""
    rows = connection.execute(f"select {_STEM} as stem from assets where {_STEM} = any(%s)", [list(stems)]).fetchall()
    return set(stems) - {row["stem"] for row in rows}


def note(connection: Connection, stem: str, keep_s: float) -> bool:
    """Announce the removal of an object; False when a row needs it after all. The object goes after the commit."""
    lock(connection, stem)
    row = connection.execute(
        f"""insert into removals (stem) select %(stem)s where not exists (select from assets where {_STEM} = %(stem)s
            and (deleted_at is null or deleted_at >= now() - %(age)s * interval '1 second'))
        on conflict (stem) do update set at = now() returning stem""",
        {"stem": stem, "age": keep_s},
    ).fetchone()
    return row is not None


def forget(connection: Connection, stem: str) -> None:
    """Drop the rows of a removed object."""
    connection.execute(f"delete from assets where {_STEM} = %s and deleted_at is not null", [stem])


def forget_notes(connection: Connection) -> None:
    connection.execute(f"delete from removals where at < now() - interval '{_KEEP_NOTES}'")


def expire(connection: Connection, keep_s: float, limit: int) -> int:
    """Hide guests' files that were last sent `keep_s` ago and that no job still needs; returns how many."""
    return connection.execute(
        """with due as materialized (
            select id from assets where owner_type = 'guest' and deleted_at is null
            and used_at < now() - %s * interval '1 second'
            and not exists (select from jobs where asset_id = assets.id and status in ('queued', 'running'))
            order by used_at limit %s for update skip locked)
        update assets set deleted_at = now() from due where assets.id = due.id""",
        [keep_s, limit],
    ).rowcount
