"""Everything that a caller owns: moved when a guest signs in, exported and erased for a customer.

`shared.db.owned_tables` lists the tables.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation

from shared import errors
from shared.db.owned_tables import TABLES
from shared.db.owners import OWNED, OWNED_JOBS, parameters
from shared.db.pool import Connection
from shared.models.owner import Owner

_TRIES = 3  # of a move; each fails if the customer sends one of the guest's pictures at that moment

Pairs = Sequence[Mapping[str, UUID]]


_HIDDEN = {  # deleted rows, which are removed later, and what belongs to them
    **dict.fromkeys(("assets", "designs"), "and deleted_at is null"),
    "design_placements": "and design_id in (select id from designs where deleted_at is null)",
}


def move(connection: Connection, guest: Owner, to: Owner) -> None:
    """Give a guest's rows to a customer, whose row the caller has locked.

    Of a source that both have, the customer's stays: what the guest made of it is then made of that.
    """
    for _ in range(_TRIES):
        try:
            with connection.transaction():
                return _move(connection, {**parameters(guest), "to_type": to.type, "to_id": to.id})
        except UniqueViolation:
            continue
    raise errors.Unavailable


def _move(connection: Connection, both: Mapping[str, object]) -> None:
    for name, owned in (("assets", OWNED), ("jobs", OWNED_JOBS)):  # in the order in which others lock them
        connection.execute(f"select from {name} where {owned} order by id for update", both)
    if pairs := _doubles(connection, both):
        _merge(connection, both, pairs)
    moved: list[UUID] = []
    for table in (table for table in TABLES if table.owner_id):
        rows = connection.execute(
            f"""
            update {table.name}
            set owner_type = %(to_type)s, {table.owner_id} = %(to_id)s
            where {table.owned}
            returning id
            """,
            both,
        ).fetchall()
        moved += [row["id"] for row in rows] if table.name == "assets" else []
    _count_stored(connection, both, moved)


def _doubles(connection: Connection, both: Mapping[str, object]) -> Pairs:
    """The guest's sources that the customer has as well, as `gone`, and the customer's, as `kept`."""
    return connection.execute(
        """
        select gone.id as gone, kept.id as kept
        from assets gone join assets kept using (sha256)
        where (gone.owner_type, gone.owner_id) = (%(owner_type)s, %(owner_id)s)
            and (kept.owner_type, kept.owner_id) = (%(to_type)s, %(to_id)s)
            and gone.kind = 'source' and gone.deleted_at is null
            and kept.kind = 'source' and kept.deleted_at is null
        order by gone.id
        for update
        """,
        both,
    ).fetchall()


def _merge(connection: Connection, both: Mapping[str, object], pairs: Pairs) -> None:
    """Hide the doubles, and let what names them name the rows that stay.

    A job that runs on one starts again: the picture that stays may have a running job already, and it is no attempt.
    """
    values = {**both, "gone": [pair["gone"] for pair in pairs], "kept": [pair["kept"] for pair in pairs]}
    connection.execute(
        f"""
        update jobs
        set status = 'queued', progress = 0, lease_until = null, fence = fence + 1,
            attempts = greatest(attempts - 1, 0), run_after = now()
        where {OWNED_JOBS} and status = 'running' and asset_id = any(%(gone)s)
        """,
        values,
    )
    connection.execute("update assets set deleted_at = now() where id = any(%(gone)s)", values)
    for table in TABLES:
        for column in table.assets:
            connection.execute(
                f"""
                update {table.name}
                set {column} = pairs.kept
                from unnest(%(gone)s::uuid[], %(kept)s::uuid[]) as pairs (gone, kept)
                where {table.owned} and {column} = pairs.gone
                """,
                values,
            )
        for column in table.documents:
            for pair in pairs:
                connection.execute(
                    f"""
                    update {table.name}
                    set {column} = replace({column}::text, %(one)s::text, %(other)s::text)::jsonb
                    where {table.owned} and {column}::text like '%%' || %(one)s::text || '%%'
                    """,
                    {**both, "one": str(pair["gone"]), "other": str(pair["kept"])},
                )


def _count_stored(connection: Connection, both: Mapping[str, object], moved: Iterable[UUID]) -> None:
    """Move what the quota counts. An object that both had counts once from now on."""
    connection.execute(
        """
        insert into storage_usage
        select %(owner_type)s, %(owner_id)s, -sum(bytes)
        from storage_usage
        where owner_type = %(owner_type)s and owner_id = %(owner_id)s
        having sum(bytes) <> 0
        """,
        both,
    )
    connection.execute(
        """
        insert into storage_usage
        select %(to_type)s, %(to_id)s, sum(greatest(largest - others, 0))
        from (
            select max(coalesce(stored_bytes, bytes)) as largest,
                object_bytes(%(to_type)s, %(to_id)s, key, %(moved)s::uuid[]) as others
            from assets
            where id = any(%(moved)s)
            group by key
        ) as objects
        having sum(greatest(largest - others, 0)) > 0
        """,
        {**both, "moved": list(moved)},
    )
    connection.execute("select fold_storage_usage(%(owner_type)s, %(owner_id)s)", both)


def export(connection: Connection, owner: Owner) -> dict[str, list[dict[str, Any]]]:
    """All rows of an owner that are not deleted, by table."""
    return {
        table.name: connection.execute(
            f"""
            select {table.exported}
            from {table.name}
            where {table.owned} {_HIDDEN.get(table.name, "")}
            order by 1
            """,
            parameters(owner),
        ).fetchall()
        for table in TABLES
    }


def erase(connection: Connection, owner: Owner) -> None:
    """Cancel the owner's jobs, and delete all else but orders; pictures are removed a week later, as others are."""
    for table in reversed(TABLES):
        if table.erase:
            connection.execute(table.erase, parameters(owner))
