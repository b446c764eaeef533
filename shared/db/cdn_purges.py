"""Purges of a CDN's cache: every deleted asset is due until it is recorded as purged, so that no deletion is missed."""

from collections.abc import Mapping
from uuid import UUID

from shared.db.pool import Connection

_KEPT = "7 days"  # the longest any response ever allowed a shared cache to keep a picture


def due(connection: Connection, limit: int) -> dict[UUID, str]:
    """Keys of deleted assets by id; the latest deletions first, as caches hold those most likely."""
    rows = connection.execute(
        f"""
        select id, key
        from assets
        where deleted_at is not null
            and purged_at is null
            and deleted_at > now() - interval '{_KEPT}'
        order by deleted_at desc
        limit %s
        """,
        [limit],
    ).fetchall()
    return {row["id"]: row["key"] for row in rows}


def record(connection: Connection, purged: Mapping[UUID, str]) -> None:
    """Record that the caches have forgotten them."""
    connection.execute("update assets set purged_at = now() where id = any(%s)", [list(purged)])
